// How long does calibrating analog input ranges take, over bare inference of the same samples?
//
// analog_bench [--networks NAME...] [--types TYPE...] [--rounds N] [--max-input-size N]
//              [--json FILE]
//
// Processor time of one worker with single-threaded kernels. Every round runs the samples bare, then
// once for each type, so that all types of a round are held against the same figure; told are the
// medians over the rounds. Opening sessions, the first samples and solving at the end are not what
// is asked about: the clock runs from the third sample to the last. "watching" is what showing the
// tensors costs if nobody looks at them, which no type can be faster than.

#include <fmt/format.h>
#include <time.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <exception>
#include <filesystem>
#include <functional>
#include <map>
#include <stdexcept>
#include <vector>

#include "analog/calibrate.h"
#include "analog/convert.h"
#include "analog/layer_watch.h"
#include "analog/sampler.h"
#include "bench/machine.h"
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

double processor_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

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
  const auto model = graph::load_model(models / (name.substr(0, end) + ".onnx"));
  if (end != std::string::npos) return {name, model, {1, 1, 28, 28}, 200};
  return {name, model, {32, 1, 28, 28}, 20};
}

/// Times of one network: by type, one of each round.
class Measurement {
 public:
  Measurement(const Network& network, const Options& options)
      : network_(network),
        options_(options),
        sample_({{analog::input_names(network.model).front(),
                  support::stream_batch("normal", 1, network.shape)}}),
        model_(analog::convert_to_analog(network.model, config(options))),
        bare_(engine::ModelSource(graph::serialize(network.model), ""), {.plan_memory = false}) {}

  nlohmann::ordered_json run() {
    for (size_t round = 0; round < options_.rounds; ++round) {
      bare_times_.push_back(time_of([&](const engine::SampleFeed& feed) {
        while (const auto sample = feed()) bare_.execute(sample->read(), "sample");
      }));
      for (const std::string& type : options_.types) times_[type].push_back(time_of_type(type));
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

  /// Milliseconds per sample from the first sample behind the warm-up to the last one.
  double time_of(const std::function<void(const engine::SampleFeed&)>& work) {
    double begin = 0.0;
    double end = 0.0;
    // A worker asks for the next sample when it is done with the one before.
    work([&, count = size_t{0}]() mutable -> std::optional<engine::PendingSample> {
      if (count == kWarmUp) begin = processor_seconds();
      end = processor_seconds();
      if (count++ == kWarmUp + network_.samples) return std::nullopt;
      return engine::PendingSample{"sample", [this] { return sample_; }};
    });
    return (end - begin) * 1e3 / static_cast<double>(network_.samples);
  }

  double time_of_type(const std::string& type) {
    return time_of([&](const engine::SampleFeed& feed) {
      if (type == kWatching) {
        const auto ignore = [](size_t, const analog::CallId&, const analog::ActivationMatrix&) {};
        analog::watch_layers(model_, feed, ignore, {.jobs = 1});
      } else {
        auto copy = model_;
        const auto parsed = analog::parse_input_range_type(type);
        analog::calibrate_input_ranges(copy, parsed, feed, {}, {.jobs = 1});
      }
    });
  }

  /// The ratios are those of a round, so that what slows a whole round down does not matter.
  nlohmann::ordered_json report() {
    nlohmann::ordered_json types = nlohmann::ordered_json::array();
    for (const std::string& type : options_.types) {
      std::vector<double> ratios;
      for (size_t i = 0; i < options_.rounds; ++i) {
        ratios.push_back(times_[type][i] / bare_times_[i]);
      }
      const double ratio = median(ratios);
      const double ms = median(times_[type]);
      fmt::print("{:<16} {:<16} {:>8.2f} ms  {:.2f} x\n", network_.name, type, ms, ratio);
      types.push_back({{"type", type}, {"ms", ms}, {"ratio", ratio}});
    }
    const double bare = median(bare_times_);
    fmt::print("{:<16} {:<16} {:>8.2f} ms\n", network_.name, "bare inference", bare);
    return {{"network", network_.name}, {"bare_ms", bare}, {"types", types}};
  }

  const Network& network_;
  const Options& options_;
  tensor::NamedTensors sample_;
  analog::AnalogModel model_;
  engine::Session bare_;
  std::vector<double> bare_times_;
  std::map<std::string, std::vector<double>> times_;
};

int run(int argc, char** argv) {
  require_release_build("analog_bench");
  Options options;
  CLI::App app("Time of calibrating analog input ranges over bare inference of the same samples");
  app.add_option("--networks", options.networks,
                 "fashion_cnn, fashion_mbv2 (32 pictures each), fashion_cnn/1, fashion_mbv2/1 (one "
                 "picture each), conv3x3 (3x64x224x224)");
  app.add_option("--types", options.types, "types as of 'analog calibrate', and 'watching'");
  app.add_option("--rounds", options.rounds, "timed rounds")->check(CLI::PositiveNumber);
  app.add_option("--max-input-size", options.max_input_size, "rows of a tile; -1: no limit");
  app.add_option("--json", options.json, "write the result there; -: standard output");
  CLI11_PARSE(app, argc, argv);
  fmt::print("{}\n", machine());
  nlohmann::ordered_json results = nlohmann::ordered_json::array();
  for (const std::string& name : options.networks) {
    const Network chosen = network(name);
    results.push_back(Measurement(chosen, options).run());
  }
  if (!options.json.empty()) write_json({{"analog", results}}, options.json);
  return 0;
}

}  // namespace
}  // namespace rangefinder::bench

int main(int argc, char** argv) {
  try {
    return rangefinder::bench::run(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "analog_bench: {}\n", error.what());
    return 1;
  }
}
