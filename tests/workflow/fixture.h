#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include "base/file.h"
#include "data/npy.h"
#include "engine/temporary_folder.h"
#include "support/onnx_builder.h"
#include "workflow/quantize.h"

namespace rangefinder::workflow {

/// A small classifier - Conv, Relu, pooling, two Gemm layers - and samples for it, in files.
class WorkflowTest : public testing::Test {
 protected:
  static constexpr size_t kSampleCount = 12;

  WorkflowTest() {
    write_file(model(), classifier().bytes());
    for (size_t i = 0; i < kSampleCount; ++i) write_sample(i);
  }

  std::filesystem::path file(const std::string& name) const { return folder_.path() / name; }
  std::filesystem::path model() const { return file("net.onnx"); }
  std::filesystem::path samples() const { return file("samples"); }

  /// Observed are "x", "r", "mean" and "h"; "h" and what the last layer makes have two dimensions.
  static test_support::OnnxBuilder classifier() {
    test_support::OnnxBuilder b;
    b.input("x", {-1, 3, 8, 8});
    b.weights("w1", {8, 3, 3, 3}, 0.3f);
    b.weights("b1", {8}, 0.1f);
    b.weights("w2", {8, 16}, 0.4f);
    b.weights("b2", {16}, 0.1f);
    b.weights("w3", {16, 5}, 0.4f);
    b.node("Conv", {"x", "w1", "b1"}, {"c"}).ints("pads", {1, 1, 1, 1});
    b.node("Relu", {"c"}, {"r"});
    b.node("GlobalAveragePool", {"r"}, {"mean"});
    b.node("Flatten", {"mean"}, {"flat"});
    b.node("Gemm", {"flat", "w2", "b2"}, {"g"});
    b.node("Relu", {"g"}, {"h"});
    b.node("Gemm", {"h", "w3"}, {"y"});
    b.output("y", {-1, 5});
    return b;
  }

  QuantizeRequest quantize_request(const std::string& output) const {
    QuantizeRequest request{.model = model(), .samples = open_input({samples()})};
    request.split.samples = 8;
    request.run.jobs = 1;
    request.results.model = file(output);
    return request;
  }

  ObserveRequest observe_request(const std::string& output) const {
    ObserveRequest request{.model = model(), .samples = open_input({samples()})};
    request.split.samples = 8;
    request.output = file(output);
    return request;
  }

  SolveRequest solve_request(const std::string& statistics, const std::string& output) const {
    SolveRequest request{.model = model(),
                         .statistics = statistics::read_statistics(file(statistics)),
                         .statistics_file = file(statistics)};
    request.results.model = file(output);
    return request;
  }

  /// The same bytes each time, others for each sample.
  void write_sample(size_t index) const {
    std::filesystem::create_directories(samples());
    std::vector<float> values;
    for (size_t i = 0; i < 3 * 8 * 8; ++i) {
      values.push_back(std::sin(static_cast<float>(7 * i + 131 * index)) *
                       (1 + static_cast<float>(index % 3)));
    }
    const auto batch = tensor::Tensor::from_floats({1, 3, 8, 8}, values);
    data::write_npy(samples() / (std::to_string(index) + ".npy"), batch.view());
  }

  /// Files of the folder beside model and samples: what a run left.
  std::vector<std::string> leftovers() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) {
      const std::string name = entry.path().filename().string();
      if (name != "net.onnx" && name != "samples") names.push_back(name);
    }
    return names;
  }

 private:
  engine::TemporaryFolder folder_;
};

}  // namespace rangefinder::workflow
