#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "data/sample_source.h"
#include "tensor/tensor.h"

namespace rangefinder::test_support {

/// Samples that a test holds in memory; sample number i is called "sample<i>".
class MemorySamples : public data::SampleSource {
 public:
  explicit MemorySamples(std::vector<tensor::NamedTensors> samples)
      : samples_(std::move(samples)) {}

  size_t size() const override { return samples_.size(); }
  tensor::NamedTensors read(size_t index) const override { return samples_.at(index); }
  std::string name(size_t index) const override { return "sample" + std::to_string(index); }
  std::string fingerprint() const override { return "0000000000000000"; }

 private:
  std::vector<tensor::NamedTensors> samples_;
};

/// Pictures of 1 to 3 at a time for a model's only input, [N, 3, side, side], from -1 to 3.
inline std::vector<tensor::NamedTensors> picture_samples(size_t count, int64_t side) {
  std::vector<tensor::NamedTensors> result;
  uint32_t state = 7;
  for (size_t i = 0; i < count; ++i) {
    tensor::Tensor x(tensor::ElementType::kFloat32,
                     {1 + static_cast<int64_t>(i % 3), 3, side, side});
    for (float& value : x.floats()) {
      state = state * 1664525u + 1013904223u;
      value = static_cast<float>(state >> 8) / static_cast<float>(1 << 22) - 1;
    }
    result.push_back({{"", x}});
  }
  return result;
}

}  // namespace rangefinder::test_support
