// How long does calibrating analog input ranges take, over bare inference of the same samples?
//
// analog_bench [--networks NAME...] [--types TYPE...] [--rounds N] [--samples N]
//              [--max-input-size N] [--json FILE]
//
// Processor time of one worker with single-threaded kernels. Every sample is run bare right before
// the calibration gets it, so that both see the machine in the same state; the ratio is that of the
// sums over the samples of a round, told is the median over the rounds. Opening sessions, the first
// two samples and solving at the end are not what is asked about. "watching" is what showing the
// tensors costs if nobody looks at them, which no type can be faster than.

#include <fmt/format.h>
#include <time.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <vector>

#include "analog/layers/convert.h"
#include "analog/ranges/calibrate.h"
#include "analog/ranges/layer_watch.h"
#include "analog/ranges/sampler.h"
#include "bench/machine.h"
#include "bench/timing.h"
#include "engine/session.h"
#include "graph/model_file.h"
#include "support/onnx_builder.h"
#include "support/streams.h"

namespace rangefinder::bench {
namespace {

constexpr char kWatching[] = "watching";
constexpr size_t kWarmUp = 2;

struct Options {
  std::vector<std::string> networks = {"fashion_cnn", "fashion_mbv2", "conv3x3"};
  std::vector<std::string> types = {kWatching,        "max",      "moving-std", "moving-quantile",
                                    "cache-quantile", "quantile", "mse"};
  size_t rounds = 5;
  /// 0: as many as suit the network.
  size_t samples = 0;
  int64_t max_input_size = -1;
  std::string json;
};

struct Network {
  std::string name;
  onnx::ModelProto model;
  tensor::Shape shape;
  /// Timed ones, of each round.
  size_t samples;
};

/// Two convolutions of 64 channels, 3x3, with ReLU behind them.
onnx::ModelProto convolutions() {
  test_support::OnnxBuilder b;
  b.input("x", {-1, 64, 224, 224});
  std::string last = "x";
  for (int i = 0; i < 2; ++i) {
    const std::string n = std::to_string(i);
    b.weights("w" + n, {64, 64, 3, 3}, 0.05f);
    b.node("Conv", {last, "w" + n}, {"c" + n}).ints("pads", {1, 1, 1, 1});
    b.node("Relu", {"c" + n}, {"r" + n});
    last = "r" + n;
  }
  b.output(last, {-1, 64, 224, 224});
  return b.model();
}

Network network(const std::string& name) {
  if (name == "conv3x3") return {name, convolutions(), {3, 64, 224, 224}, 2};
  const std::filesystem::path models = RANGEFINDER_MODELS;
  const size_t end = name.find("/1");  // One picture instead of a batch.
  const auto model = graph::load_model(models / (name.substr(0, end) + ".onnx")).model;
  if (end != std::string::npos) return {name, model, {1, 1, 28, 28}, 200};
  return {name, model, {32, 1, 28, 28}, 20};
}

/// Milliseconds per sample.
struct Times {
  double bare = 0.0;
  double calibrating = 0.0;
};

class Measurement {
 public:
  Measurement(const Network& network, const Options& options)
      : network_(network),
        options_(options),
        sample_({{analog::input_names(network.model).front(),
                  support::stream_batch("normal", 1, network.shape)}}),
        model_(analog::convert_to_analog(network.model, config(options))),
        bare_(engine::ModelSource(graph::serialize(network.model), "")) {}

  nlohmann::ordered_json run() {
    for (size_t round = 0; round < options_.rounds; ++round) {
      for (const std::string& type : options_.types) times_[type].push_back(time(type));
    }
    return report();
  }

 private:
  static analog::NetworkConfig config(const Options& options) {
    analog::NetworkConfig config;
    config.base.forward.inp_res = 254;
    config.base.mapping.max_input_size = options.max_input_size;
    return config;
  }

  Times time(const std::string& type) {
    Times times;
    double begin = 0.0;
    // A worker asks for the next sample when it is done with the one before.
    const auto feed = [&, count = size_t{0}]() mutable -> std::optional<engine::PendingSample> {
      const double end = processor_seconds(CLOCK_PROCESS_CPUTIME_ID);
      if (count > kWarmUp) times.calibrating += milliseconds(end - begin);
      if (count == kWarmUp + network_.samples) return std::nullopt;
      const double bare_begin = processor_seconds(CLOCK_PROCESS_CPUTIME_ID);
      bare_.execute(sample_, "sample");
      if (count++ >= kWarmUp)
        times.bare += milliseconds(processor_seconds(CLOCK_PROCESS_CPUTIME_ID) - bare_begin);
      // Where samples come from is not what is asked about.
      const auto copy = std::make_shared<tensor::NamedTensors>(sample_);
      begin = processor_seconds(CLOCK_PROCESS_CPUTIME_ID);
      return engine::PendingSample{"sample", [copy](const auto&) { return std::move(*copy); }};
    };
    calibrate(type, feed);
    return times;
  }

  double milliseconds(double seconds) const {
    return 1e3 * seconds / static_cast<double>(network_.samples);
  }

  void calibrate(const std::string& type, const engine::SampleFeed& feed) {
    if (type == kWatching) {
      const auto ignore = [](size_t, const analog::CallId&, const analog::ActivationMatrix&) {};
      analog::watch_layers(model_, feed, ignore, {.jobs = 1});
      return;
    }
    auto copy = model_;
    const auto parsed = analog::parse_input_range_type(type);
    analog::calibrate_input_ranges(copy, parsed, feed, {}, {.jobs = 1});
  }

  nlohmann::ordered_json report() {
    nlohmann::ordered_json types = nlohmann::ordered_json::array();
    for (const std::string& type : options_.types) {
      std::vector<double> ratios;
      std::vector<double> bare;
      std::vector<double> calibrating;
      for (const Times& times : times_[type]) {
        ratios.push_back(times.calibrating / times.bare);
        bare.push_back(times.bare);
        calibrating.push_back(times.calibrating);
      }
      fmt::print("{:<14} {:<16} {:>8.2f} ms bare {:>8.2f} ms calibrating  {:.2f} x\n",
                 network_.name, type, median(bare), median(calibrating), median(ratios));
      types.push_back({{"type", type},
                       {"bare_ms", median(bare)},
                       {"calibrating_ms", median(calibrating)},
                       {"ratio", median(ratios)}});
    }
    return {{"network", network_.name}, {"types", types}};
  }

  const Network& network_;
  const Options& options_;
  tensor::NamedTensors sample_;
  analog::AnalogModel model_;
  engine::Session bare_;
  std::map<std::string, std::vector<Times>> times_;
};

int run(int argc, char** argv) {
  Options options;
  CLI::App app("Time of calibrating analog input ranges over bare inference of the same samples");
  app.add_option("--networks", options.networks,
                 "fashion_cnn, fashion_mbv2 (32 pictures each), fashion_cnn/1, fashion_mbv2/1 (one "
                 "picture each), conv3x3 (3x64x224x224)");
  app.add_option("--types", options.types, "types as of 'analog calibrate', and 'watching'");
  app.add_option("--rounds", options.rounds, "timed rounds")->check(CLI::PositiveNumber);
  app.add_option("--samples", options.samples, "timed samples of each round");
  app.add_option("--max-input-size", options.max_input_size, "rows of a tile; -1: no limit");
  app.add_option("--json", options.json, "write the result there; -: standard output");
  CLI11_PARSE(app, argc, argv);
  fmt::print("{}\n", machine());
  nlohmann::ordered_json results = nlohmann::ordered_json::array();
  for (const std::string& name : options.networks) {
    Network chosen = network(name);
    if (options.samples > 0) chosen.samples = options.samples;
    results.push_back(Measurement(chosen, options).run());
  }
  if (!options.json.empty()) write_json({{"analog", results}}, options.json);
  return 0;
}

}  // namespace
}  // namespace rangefinder::bench

int main(int argc, char** argv) {
  return rangefinder::bench::run_program("analog_bench", rangefinder::bench::run, argc, argv);
}
