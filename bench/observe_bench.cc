// What does observing cost, over bare inference of the same samples?
//
// observe_bench [--pairs N] [--jobs N] [--plainly] [--without-sums] [--device D] [--json FILE]
// WORKLOAD...
//
// Two sessions, as the product opens them: the model as given, fully optimized, and the one that
// counts every quantized tensor. All workers run bare, then all run observed, in turn and
// alternating which comes first; the ratio is the median over the pairs of wall-clock times. The
// same of one worker's processor time is told beside it: it means something on a machine that
// others use, too. --plainly leaves the observed model to ONNX Runtime, without connecting the
// Observe nodes to tensors in the layout it computes in; --without-sums counts as for quantize
// --effort fast; with --device cuda both sessions run on a GPU, which also counts.

#include <fmt/format.h>
#include <time.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <barrier>
#include <chrono>
#include <cstdint>
#include <thread>
#include <vector>

#include "bench/machine.h"
#include "bench/timing.h"
#include "bench/workload.h"
#include "engine/compute_device.h"
#include "engine/per_worker.h"
#include "engine/sample_pass.h"
#include "engine/session.h"

namespace rangefinder::bench {
namespace {

using Clock = std::chrono::steady_clock;

struct Options {
  std::vector<std::string> workloads;
  size_t pairs = 31;
  int jobs = 0;
  bool plainly = false;
  bool without_sums = false;
  std::string device = "cpu";
  std::string json;
};

struct Result {
  double bare_ms = 0;
  double observed_ms = 0;
  double ratio = 0;
  double processor_ratio = 0;
  double values = 0;
  size_t in_place_count = 0;
};

/// Times of one run.
struct Times {
  double wall = 0;
  double processor = 0;
};

engine::SessionOptions observed_options(const engine::InstrumentedModel& model,
                                        engine::ObserveSink& sink,
                                        const engine::ComputeDevice& device) {
  engine::SessionOptions options = engine::session_options(model, sink);
  options.place = device.place;
  options.cuda_device = device.provider_device();
  return options;
}

class Measurement {
 public:
  Measurement(const Workload& workload, size_t workers, const Options& options,
              const engine::ComputeDevice& device)
      : pairs_(options.pairs),
        samples_(workload.shape, pairs_ + kWarmUp),
        model_(options.plainly || device.cuda
                   ? engine::instrument_plainly(workload.prepared, workload.tensors)
                   : engine::instrument(workload.prepared, workload.tensors)),
        slots_(workers, workload.tensors.size(), device.cuda),
        bare_session_(workload.original, {.cuda_device = device.provider_device()}),
        observed_session_(model_.model, observed_options(model_, slots_, device)),
        together_(static_cast<std::ptrdiff_t>(workers)) {}

  Result run() {
    {
      std::vector<std::jthread> threads;
      for (size_t i = 0; i < slots_.worker_count(); ++i) {
        threads.emplace_back([this, i] { run_worker(i); });
      }
    }
    const auto all = [](const std::vector<Times>& runs, double Times::*kind) {
      std::vector<double> values;
      for (const Times& times : runs) values.push_back(times.*kind);
      return values;
    };
    result_.bare_ms = median(all(bare_, &Times::wall)) * 1e3;
    result_.observed_ms = median(all(observed_, &Times::wall)) * 1e3;
    result_.ratio = median_ratio(&Times::wall);
    result_.processor_ratio = median_ratio(&Times::processor);
    result_.in_place_count = model_.in_place_count;
    uint64_t count = 0;
    for (const auto& tensor : slots_.worker(0).slots()) {
      for (const auto& channel : tensor.channels) count += channel.count();
    }
    result_.values = static_cast<double>(count) / static_cast<double>(pairs_ + kWarmUp);
    return result_;
  }

 private:
  static constexpr size_t kWarmUp = 3;

  void run_worker(size_t number) {
    slots_.enter(number);
    for (size_t pair = 0; pair < pairs_ + kWarmUp; ++pair) {
      const auto sample = samples_.read(pair);
      const bool keep = number == 0 && pair >= kWarmUp;
      for (const bool observed : {pair % 2 == 0, pair % 2 != 0}) {
        const Times times = time_together(observed ? observed_session_ : bare_session_, sample);
        if (keep) (observed ? observed_ : bare_).push_back(times);
      }
    }
  }

  /// From the moment all workers start until the last one is done.
  Times time_together(engine::Session& session, const tensor::NamedTensors& sample) {
    together_.arrive_and_wait();
    const auto start = Clock::now();
    const double processor_start = processor_seconds(CLOCK_THREAD_CPUTIME_ID);
    session.execute(sample);
    if (&session == &observed_session_) slots_.of_this_thread().finish_run();
    const double processor = processor_seconds(CLOCK_THREAD_CPUTIME_ID) - processor_start;
    together_.arrive_and_wait();
    return {std::chrono::duration<double>(Clock::now() - start).count(), processor};
  }

  double median_ratio(double Times::*kind) const {
    std::vector<double> ratios;
    for (size_t i = 0; i < bare_.size(); ++i) {
      ratios.push_back(observed_[i].*kind / (bare_[i].*kind));
    }
    return median(std::move(ratios));
  }

  size_t pairs_;
  NormalSamples samples_;
  engine::InstrumentedModel model_;
  engine::WorkerSlots slots_;
  engine::Session bare_session_;
  engine::Session observed_session_;
  std::barrier<> together_;
  std::vector<Times> bare_;
  std::vector<Times> observed_;
  Result result_;
};

nlohmann::ordered_json measure(const std::string& argument, const Options& options) {
  const Workload workload =
      open_workload(argument, options.without_sums ? Sums::kNone : Sums::kKept);
  const size_t workers = engine::worker_limit(options.jobs);
  const auto device = engine::open_compute_device(parse_device(options.device));
  const Result result = Measurement(workload, workers, options, device).run();
  fmt::print(
      "{}: observing takes {:.3f} x bare inference, {:.3f} x its processor time ({:.2f} ms, "
      "{:.2f} ms; {} workers, {} tensors, {} of them in place, {:.2f} M values)\n",
      workload.name, result.ratio, result.processor_ratio, result.observed_ms, result.bare_ms,
      workers, workload.tensors.size(), result.in_place_count, result.values / 1e6);
  return {{"model", workload.name},
          {"ratio", result.ratio},
          {"processor_ratio", result.processor_ratio},
          {"bare_ms", result.bare_ms},
          {"observed_ms", result.observed_ms},
          {"workers", workers},
          {"device", options.device},
          {"tensors", workload.tensors.size()},
          {"tensors_in_place", result.in_place_count},
          {"values_per_sample", result.values}};
}

int run(int argc, char** argv) {
  Options options;
  CLI::App app("Time of observing over bare inference of the same samples");
  app.add_option("workload", options.workloads, kWorkloadHelp)->required();
  app.add_option("--pairs", options.pairs, "timed pairs of runs")->check(CLI::PositiveNumber);
  app.add_option("--jobs", options.jobs, "workers; 0: one per core");
  app.add_flag("--plainly", options.plainly, "do not observe tensors in ONNX Runtime's layout");
  app.add_flag("--without-sums", options.without_sums,
               "do not add up channels, as with --effort fast");
  app.add_option("--device", options.device, "cpu, cuda or cuda:N");
  app.add_option("--json", options.json, "write the result there; -: standard output");
  CLI11_PARSE(app, argc, argv);
  fmt::print("{}\n", machine());
  nlohmann::ordered_json results = nlohmann::ordered_json::array();
  for (const std::string& workload : options.workloads) {
    results.push_back(measure(workload, options));
  }
  if (!options.json.empty()) write_json({{"observe", results}}, options.json);
  return 0;
}

}  // namespace
}  // namespace rangefinder::bench

int main(int argc, char** argv) {
  return rangefinder::bench::run_program("observe_bench", rangefinder::bench::run, argc, argv);
}
