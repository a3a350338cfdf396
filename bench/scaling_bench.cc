// How much faster is observing with more workers?
//
// scaling_bench [--samples N] [--repeats N] [--json FILE] WORKLOAD
//
// Times observe(), start-up included, with 1, 2, 4, ... workers up to the cores, in turn; reports
// the median times and the speed-up of the most workers over one.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <thread>
#include <vector>

#include "base/process.h"
#include "bench/machine.h"
#include "bench/timing.h"
#include "bench/workload.h"
#include "engine/observe.h"

namespace rangefinder::bench {
namespace {

struct Options {
  std::string workload;
  size_t samples = 64;
  size_t repeats = 5;
  std::string json;
};

std::vector<int> worker_counts() {
  const int cores = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  std::vector<int> counts;
  for (int jobs = 1; jobs < cores; jobs *= 2) counts.push_back(jobs);
  counts.push_back(cores);
  return counts;
}

int measure(const Options& options) {
  fmt::print("{}\n", machine());
  const Workload workload = open_workload(options.workload);
  const NormalSamples samples(workload.shape, options.samples);
  const std::vector<int> counts = worker_counts();
  std::vector<std::vector<double>> seconds(counts.size());
  for (size_t repeat = 0; repeat < options.repeats; ++repeat) {
    for (size_t i = 0; i < counts.size(); ++i) {
      const Stopwatch watch;
      engine::observe(workload.prepared, workload.tensors, samples, {.jobs = counts[i]});
      seconds[i].push_back(watch.seconds());
    }
  }
  nlohmann::ordered_json runs = nlohmann::ordered_json::array();
  std::string line;
  for (size_t i = 0; i < counts.size(); ++i) {
    const double time = median(seconds[i]);
    runs.push_back({{"jobs", counts[i]}, {"seconds", time}});
    line += fmt::format("{}{} workers {:.3f} s", line.empty() ? "" : ", ", counts[i], time);
  }
  const double speed_up = median(seconds.front()) / median(seconds.back());
  fmt::print("{}: {} workers observe {} samples {:.2f} x as fast as one ({})\n", workload.name,
             counts.back(), options.samples, speed_up, line);
  if (!options.json.empty()) {
    write_json({{"model", workload.name}, {"speed_up", speed_up}, {"runs", runs}}, options.json);
  }
  return 0;
}

int run(int argc, char** argv) {
  Options options;
  CLI::App app("Speed-up of observing by number of workers");
  app.add_option("workload", options.workload, kWorkloadHelp)->required();
  app.add_option("--samples", options.samples, "samples to observe")->check(CLI::PositiveNumber);
  app.add_option("--repeats", options.repeats, "runs of each")->check(CLI::PositiveNumber);
  app.add_option("--json", options.json, "write the result there; -: standard output");
  CLI11_PARSE(app, argc, argv);
  return measure(options);
}

}  // namespace
}  // namespace rangefinder::bench

int main(int argc, char** argv) {
  return rangefinder::bench::run_program("scaling_bench", rangefinder::bench::run, argc, argv);
}
