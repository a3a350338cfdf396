// How long does calibrating analog input ranges take, over bare inference of the same samples?
//
// Processor time of one worker with single-threaded kernels: bare runs and calibration take turns,
// and the medians are compared. Usage: analog_bench [rounds]

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <functional>
#include <vector>

#include "analog/calibrate.h"
#include "analog/convert.h"
#include "analog/sampler.h"
#include "bench/machine.h"
#include "engine/session.h"
#include "graph/model_file.h"
#include "support/onnx_builder.h"
#include "support/streams.h"

namespace rangefinder {
namespace {

double processor_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

double seconds_of(const std::function<void()>& work) {
  const double begin = processor_seconds();
  work();
  return processor_seconds() - begin;
}

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2),
                   values.end());
  return values[values.size() / 2];
}

/// Convolutions of 64 channels, 3x3, with ReLU between them.
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

struct Network {
  std::string name;
  onnx::ModelProto model;
  tensor::Shape shape;
  size_t samples;
};

/// The same sample again and again: reading costs nothing.
engine::SampleFeed repeat(const tensor::NamedTensors& sample, size_t count) {
  return [&sample, left = count]() mutable -> std::optional<engine::PendingSample> {
    if (left-- == 0) return std::nullopt;
    return engine::PendingSample{"sample", [&sample] { return sample; }};
  };
}

void measure(const Network& network, int rounds) {
  const std::string input = analog::input_names(network.model).front();
  const tensor::NamedTensors sample = {{input, support::stream_batch("normal", 1, network.shape)}};
  analog::NetworkConfig config;
  config.base.forward.inp_res = 254;
  const auto model = analog::convert_to_analog(network.model, config);
  const engine::ModelSource source(graph::serialize(network.model), "");
  // Opening the session and the first run are not what is asked about: both sides are charged for
  // the samples beyond the first ones.
  const auto bare = [&](size_t count) {
    engine::Session session(source, {.plan_memory = false});
    for (size_t i = 0; i < count; ++i) session.execute(sample, "sample");
  };
  for (const char* name :
       {"max", "moving-std", "moving-quantile", "cache-quantile", "quantile", "mse"}) {
    const auto type = analog::parse_input_range_type(name);
    const auto calibrate = [&](size_t count) {
      auto copy = model;
      analog::calibrate_input_ranges(copy, type, repeat(sample, count), {}, {.jobs = 1});
    };
    std::vector<double> bare_times;
    std::vector<double> times;
    for (int round = 0; round < rounds; ++round) {
      const size_t few = 2;
      const size_t many = few + network.samples;
      const double bare_few = seconds_of([&] { bare(few); });
      const double few_time = seconds_of([&] { calibrate(few); });
      bare_times.push_back(seconds_of([&] { bare(many); }) - bare_few);
      times.push_back(seconds_of([&] { calibrate(many); }) - few_time);
    }
    const double per_sample = 1e3 / static_cast<double>(network.samples);
    fmt::print("{:<24} {:<16} {:>9.2f} ms bare {:>9.2f} ms calibrating  {:.2f} x\n", network.name,
               name, median(bare_times) * per_sample, median(times) * per_sample,
               median(times) / median(bare_times));
  }
}

}  // namespace
}  // namespace rangefinder

int main(int argc, char** argv) {
  rangefinder::bench::require_release_build("analog_bench");
  fmt::print("{}\n", rangefinder::bench::machine());
  using namespace rangefinder;
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 5;
  const std::filesystem::path models = RANGEFINDER_MODELS;
  const auto load = [&](const char* name) { return graph::load_model(models / name); };
  measure({"fashion_cnn, 32 images", load("fashion_cnn.onnx"), {32, 1, 28, 28}, 20}, rounds);
  measure({"fashion_mbv2, 32 images", load("fashion_mbv2.onnx"), {32, 1, 28, 28}, 20}, rounds);
  measure({"fashion_cnn, 1 image", load("fashion_cnn.onnx"), {1, 1, 28, 28}, 200}, rounds);
  measure({"3x3 conv, 3x64x224x224", convolutions(), {3, 64, 224, 224}, 3}, rounds);
  return 0;
}
