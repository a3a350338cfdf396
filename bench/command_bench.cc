// What do whole commands cost, start to end, over a bare process that only runs the samples?
//
// command_bench [--samples N] [--rounds N] [--json FILE] WORKLOAD
//
// Runs in turn, each as a process of its own: bare ONNX Runtime on N samples (all cores, all
// optimizations), and this program's inspect, observe, solve, quantize --effort fast
// and quantize (N samples, N held out).
// Tells medians of wall-clock time, that over the bare process, and peak memory over the model's
// size.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <functional>
#include <map>
#include <thread>
#include <vector>

#include "bench/machine.h"
#include "bench/process.h"
#include "bench/timing.h"
#include "bench/workload.h"
#include "data/npy.h"
#include "engine/session.h"

namespace rangefinder::bench {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::string workload;
  size_t samples = 32;
  int rounds = 5;
  std::string json;
  /// Set in the process that is measured: the model, and the folder with the samples.
  std::string bare_model;
  std::string bare_samples;
};

void run_bare(const Options& options) {
  engine::Session session(engine::ModelSource(fs::path(options.bare_model)),
                          {.threads = static_cast<int>(std::thread::hardware_concurrency())});
  const auto samples = data::open_samples({options.bare_samples});
  for (size_t i = 0; i < std::min(options.samples, samples->size()); ++i) {
    const auto sample = samples->read(i);
    session.execute({{session.inputs().front().name, sample.begin()->second}});
  }
}

struct Command {
  std::string name;
  std::vector<ProcessFigures> figures = {};
};

double median_of(const Command& command, double ProcessFigures::*figure) {
  std::vector<double> values;
  for (const ProcessFigures& round : command.figures) values.push_back(round.*figure);
  return median(std::move(values));
}

uint64_t largest_peak(const Command& command) {
  uint64_t peak = 0;
  for (const ProcessFigures& round : command.figures) peak = std::max(peak, round.peak_bytes);
  return peak;
}

/// The commands of one round, in the order in which they need each other's files.
std::vector<std::function<ProcessFigures()>> round_of(const Options& options, const fs::path& model,
                                                      const fs::path& folder) {
  const std::string samples = (folder / "samples").string();
  const std::string count = std::to_string(options.samples);
  const auto path = [&](const char* name) { return (folder / name).string(); };
  const auto rangefinder = [](std::vector<std::string> arguments) {
    return [arguments] { return run_process(RANGEFINDER_PROGRAM, arguments); };
  };
  return {[=] {
            return run_self({"--bare", model.string(), "--bare-samples", samples, "--samples",
                             count, "unused"});
          },
          rangefinder({"inspect", model.string()}),
          rangefinder({"observe", model.string(), "--data", samples, "--samples", count, "-o",
                       path("all.rfs")}),
          rangefinder({"solve", model.string(), "--statistics", path("all.rfs"), "-o",
                       path("solved.onnx")}),
          rangefinder({"quantize", model.string(), "--data", samples, "--samples", count,
                       "--effort", "fast", "-o", path("fast.onnx")}),
          rangefinder({"quantize", model.string(), "--data", samples, "--samples", count, "-o",
                       path("int8.onnx")})};
}

void write_samples(const Workload& workload, size_t count, const fs::path& folder) {
  fs::create_directories(folder);
  const NormalSamples samples(workload.shape, count);
  for (size_t i = 0; i < count; ++i) {
    data::write_npy(folder / fmt::format("{:05}.npy", i), samples.read(i).begin()->second.view());
  }
}

int measure(const Options& options) {
  fmt::print("{}\n", machine());
  const Workload workload = open_workload(options.workload);
  const engine::TemporaryFolder folder;
  write_samples(workload, 2 * options.samples, folder.path() / "samples");
  const fs::path model = workload.original.file;
  const double model_bytes = static_cast<double>(fs::file_size(model));
  std::vector<Command> commands = {{"bare"},  {"inspect"}, {"observe"},
                                   {"solve"}, {"fast"},    {"quantize"}};
  const auto round = round_of(options, model, folder.path());
  for (int i = 0; i < options.rounds; ++i) {
    for (size_t c = 0; c < commands.size(); ++c) commands[c].figures.push_back(round[c]());
  }
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
  const double bare = median_of(commands.front(), &ProcessFigures::seconds);
  for (const Command& command : commands) {
    const double seconds = median_of(command, &ProcessFigures::seconds);
    const double cpu = median_of(command, &ProcessFigures::cpu_seconds);
    const auto peak = static_cast<double>(largest_peak(command));
    fmt::print(
        "{} {:<9} {:6.2f} s ({:.2f} of bare), {:6.2f} s of processors, {:5.0f} MB ({:.2f} of "
        "the model)\n",
        options.workload, command.name, seconds, seconds / bare, cpu, peak / 1e6,
        peak / model_bytes);
    rows.push_back({{"command", command.name},
                    {"seconds", seconds},
                    {"over_bare", seconds / bare},
                    {"cpu_seconds", cpu},
                    {"peak_bytes", peak},
                    {"peak_over_model", peak / model_bytes}});
  }
  if (!options.json.empty()) {
    write_json({{"model", options.workload}, {"samples", options.samples}, {"commands", rows}},
               options.json);
  }
  return 0;
}

int run(int argc, char** argv) {
  Options options;
  CLI::App app("Time and memory of whole commands over a bare process of ONNX Runtime");
  app.add_option("workload", options.workload, kWorkloadHelp)->required();
  app.add_option("--samples", options.samples, "samples, and as many held out");
  app.add_option("--rounds", options.rounds, "how often each process runs");
  app.add_option("--json", options.json, "write the result there; -: standard output");
  app.add_option("--bare", options.bare_model)->group("");
  app.add_option("--bare-samples", options.bare_samples)->group("");
  CLI11_PARSE(app, argc, argv);
  if (options.bare_model.empty()) return measure(options);
  run_bare(options);
  return 0;
}

}  // namespace
}  // namespace rangefinder::bench

int main(int argc, char** argv) {
  return rangefinder::bench::run_program("command_bench", rangefinder::bench::run, argc, argv);
}
