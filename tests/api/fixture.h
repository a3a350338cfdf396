#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/temporary_folder.h"
#include "rangefinder/rangefinder.h"
#include "support/onnx_builder.h"

namespace rangefinder {

/// A small classifier - Conv, Relu, pooling, two Gemm layers - and samples for it, all in memory.
class ApiTest : public testing::Test {
 protected:
  static Model model() {
    test_support::OnnxBuilder b;
    b.input("x", {-1, 3, 8, 8});
    b.weights("w1", {8, 3, 3, 3}, 0.3f);
    b.weights("b1", {8}, 0.1f);
    b.weights("w2", {8, 16}, 0.4f);
    b.weights("w3", {16, 5}, 0.4f);
    b.node("Conv", {"x", "w1", "b1"}, {"c"}).ints("pads", {1, 1, 1, 1});
    b.node("Relu", {"c"}, {"r"});
    b.node("GlobalAveragePool", {"r"}, {"mean"});
    b.node("Flatten", {"mean"}, {"flat"});
    b.node("Gemm", {"flat", "w2"}, {"g"});
    b.node("Relu", {"g"}, {"h"});
    b.node("Gemm", {"h", "w3"}, {"y"});
    b.output("y", {-1, 5});
    return Model::parse(b.bytes());
  }

  static Tensor picture(size_t index) {
    std::vector<float> values;
    for (size_t i = 0; i < 3 * 8 * 8; ++i) {
      values.push_back(std::sin(static_cast<float>(7 * i + 131 * index)) *
                       (1 + static_cast<float>(index % 3)));
    }
    return Tensor::from_floats({1, 3, 8, 8}, values);
  }

  static std::vector<NamedTensors> pictures(size_t count, size_t first = 0) {
    std::vector<NamedTensors> samples;
    for (size_t i = 0; i < count; ++i) samples.push_back({{"x", picture(first + i)}});
    return samples;
  }

  static SampleSource memory(size_t count) { return SampleSource::from_memory(pictures(count)); }

  /// The same samples, one after the other; how many will be known at the end.
  static SampleSource generator(size_t count) {
    return SampleSource::from_generator(
        [count, next = size_t{0}]() mutable -> std::optional<NamedTensors> {
          if (next == count) return std::nullopt;
          return NamedTensors{{"x", picture(next++)}};
        });
  }

  std::filesystem::path file(const std::string& name) const { return folder_.path() / name; }

 private:
  engine::TemporaryFolder folder_;
};

}  // namespace rangefinder
