// Does the memory of observing grow with the number of samples?
//
// memory_bench [--samples N...] [--jobs N] [--ragged] [--json FILE] WORKLOAD
//
// Observes each number of samples in a process of its own and asks the system for the peak of its
// resident memory. --ragged: samples of sixteen different heights and widths.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <vector>

#include "bench/machine.h"
#include "bench/process.h"
#include "bench/workload.h"
#include "engine/observe.h"

namespace rangefinder::bench {
namespace {

struct Options {
  std::string workload;
  std::vector<size_t> samples = {32, 128, 512};
  int jobs = 0;
  bool ragged = false;
  std::string json;
  /// Set in the processes that are measured.
  size_t observe_only = 0;
};

void observe(const Options& options) {
  const Workload workload = open_workload(options.workload);
  const NormalSamples samples(workload.shape, options.observe_only, options.ragged);
  engine::observe(workload.prepared, workload.tensors, samples, {.jobs = options.jobs});
}

/// Runs this program again to observe `samples` samples. Peak resident memory in bytes.
uint64_t peak_of_process(const Options& options, size_t samples) {
  std::vector<std::string> arguments = {options.workload, "--observe-only", std::to_string(samples),
                                        "--jobs", std::to_string(options.jobs)};
  if (options.ragged) arguments.push_back("--ragged");
  return run_self(arguments).peak_bytes;
}

int measure(const Options& options) {
  fmt::print("{}\n", machine());
  nlohmann::ordered_json runs = nlohmann::ordered_json::array();
  std::string line;
  std::vector<double> peaks;
  for (const size_t samples : options.samples) {
    const uint64_t bytes = peak_of_process(options, samples);
    peaks.push_back(static_cast<double>(bytes));
    runs.push_back({{"samples", samples}, {"peak_bytes", bytes}});
    line += fmt::format("{}{} samples {:.1f} MB", line.empty() ? "" : ", ", samples,
                        peaks.back() / 1e6);
  }
  const double ratio = peaks.back() / peaks.front();
  fmt::print("{}{}: peak memory grows {:.3f} x ({})\n", options.workload,
             options.ragged ? ", ragged" : "", ratio, line);
  if (!options.json.empty()) {
    write_json({{"model", options.workload}, {"ratio", ratio}, {"runs", runs}}, options.json);
  }
  return 0;
}

int run(int argc, char** argv) {
  Options options;
  CLI::App app("Peak resident memory of observing by number of samples");
  app.add_option("workload", options.workload, kWorkloadHelp)->required();
  app.add_option("--samples", options.samples, "numbers of samples, the smallest first");
  app.add_option("--jobs", options.jobs, "workers; 0: one per core");
  app.add_flag("--ragged", options.ragged, "samples of different sizes");
  app.add_option("--json", options.json, "write the result there; -: standard output");
  app.add_option("--observe-only", options.observe_only)->group("");
  CLI11_PARSE(app, argc, argv);
  if (options.observe_only == 0) return measure(options);
  observe(options);
  return 0;
}

}  // namespace
}  // namespace rangefinder::bench

int main(int argc, char** argv) {
  return rangefinder::bench::run_program("memory_bench", rangefinder::bench::run, argc, argv);
}
