// Does decoding pictures hold inference?
//
// pictures_bench --data PATH... [--samples N] [--jobs N] [--repeats N] [--json FILE] WORKLOAD
//
// Times, in turn and start-up included, three passes over the same samples with the same workers:
// pictures decoded and nothing run, decoded samples observed from memory, and pictures observed as
// `observe --data` does it. The last should take no longer than the first two together: with a
// worker on each core there is no idle core that could decode ahead, so more cannot be gained; what
// is more is spent waiting. Seconds of cores are told, too: they do not see waiting, nor who else
// uses the machine.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <ctime>
#include <vector>

#include "base/process.h"
#include "bench/machine.h"
#include "bench/timing.h"
#include "bench/workload.h"
#include "data/memory_source.h"
#include "engine/observe.h"
#include "engine/sample_pass.h"

namespace rangefinder::bench {
namespace {

struct Options {
  std::string workload;
  std::vector<std::filesystem::path> data;
  size_t samples = 64;
  size_t repeats = 5;
  int jobs = 0;
  std::string json;
};

std::shared_ptr<const data::SampleSource> first_of(
    const std::shared_ptr<const data::SampleSource>& source, size_t count) {
  std::vector<size_t> indices;
  for (size_t i = 0; i < std::min(count, source->size()); ++i) indices.push_back(i);
  return data::select_samples(source, indices);
}

std::shared_ptr<const data::SampleSource> in_memory(const data::SampleSource& source) {
  std::vector<tensor::NamedTensors> samples;
  for (size_t i = 0; i < source.size(); ++i) samples.push_back(source.read(i));
  return std::make_shared<data::MemorySource>(std::move(samples));
}

void decode(const data::SampleSource& source, const RunControl& run) {
  engine::for_each_sample(engine::feed_from(source), engine::worker_count(run.jobs, source.size()),
                          run, {"decode", source.size()},
                          [](size_t, uint64_t, const auto& sample) { sample.read({}); });
}

/// Pictures of the size that the model takes.
data::PictureOptions options_for(const tensor::Shape& shape) {
  data::PictureOptions options{.mean = {127.5}, .std = {127.5}};
  options.resize = data::PictureSize{.width = static_cast<int>(shape.at(3)),
                                     .height = static_cast<int>(shape.at(2))};
  return options;
}

int measure(const Options& options) {
  fmt::print("{}\n", machine());
  const Workload workload = open_workload(options.workload);
  const auto pictures =
      first_of(data::open_samples(options.data, options_for(workload.shape)), options.samples);
  const auto memory = in_memory(*pictures);
  const RunControl run{.jobs = options.jobs};
  std::vector<double> decoding;
  std::vector<double> observing;
  std::vector<double> both;
  double parts_of_cores = 0;
  double both_of_cores = 0;
  for (size_t repeat = 0; repeat < options.repeats; ++repeat) {
    const auto timed = [](std::vector<double>& seconds, double& of_cores, const auto& work) {
      const Stopwatch watch;
      const double before = processor_seconds(CLOCK_PROCESS_CPUTIME_ID);
      work();
      of_cores += processor_seconds(CLOCK_PROCESS_CPUTIME_ID) - before;
      seconds.push_back(watch.seconds());
    };
    timed(decoding, parts_of_cores, [&] { decode(*pictures, run); });
    timed(observing, parts_of_cores,
          [&] { engine::observe(workload.prepared, workload.tensors, *memory, run); });
    timed(both, both_of_cores,
          [&] { engine::observe(workload.prepared, workload.tensors, *pictures, run); });
  }
  const double parts = median(decoding) + median(observing);
  const double ratio = median(both) / parts;
  fmt::print(
      "{}: {} pictures are observed in {:.3f} s, {:.2f} times decoding ({:.3f} s) and observing "
      "from memory ({:.3f} s); {:.2f} times in seconds of cores\n",
      workload.name, pictures->size(), median(both), ratio, median(decoding), median(observing),
      both_of_cores / parts_of_cores);
  if (!options.json.empty()) {
    write_json({{"model", workload.name},
                {"decode_seconds", median(decoding)},
                {"observe_seconds", median(observing)},
                {"both_seconds", median(both)},
                {"ratio", ratio},
                {"ratio_of_cores", both_of_cores / parts_of_cores}},
               options.json);
  }
  return 0;
}

int run(int argc, char** argv) {
  Options options;
  CLI::App app("Observing pictures from disk");
  app.add_option("workload", options.workload, kWorkloadHelp)->required();
  app.add_option("--data", options.data, "pictures, or archives of them")->required();
  app.add_option("--samples", options.samples, "samples to observe")->check(CLI::PositiveNumber);
  app.add_option("--jobs", options.jobs, "workers; default: one per core");
  app.add_option("--repeats", options.repeats, "runs of each")->check(CLI::PositiveNumber);
  app.add_option("--json", options.json, "write the result there; -: standard output");
  CLI11_PARSE(app, argc, argv);
  return measure(options);
}

}  // namespace
}  // namespace rangefinder::bench

int main(int argc, char** argv) {
  return rangefinder::bench::run_program("pictures_bench", rangefinder::bench::run, argc, argv);
}
