#pragma once

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

}  // namespace rangefinder::test_support
