#pragma once

#include <vector>

#include "base/fingerprint.h"
#include "data/sample_source.h"

namespace rangefinder::data {

/// Samples in memory, in their order, called "sample 0", "sample 1", ...; told apart from others by
/// their values.
class MemorySource : public SampleSource {
 public:
  explicit MemorySource(std::vector<tensor::NamedTensors> samples);

  size_t size() const override { return samples_.size(); }
  tensor::NamedTensors read(size_t index) const override;
  std::string name(size_t index) const override;
  std::string fingerprint() const override;

 private:
  std::vector<tensor::NamedTensors> samples_;
};

/// Adds all that tells one sample from another: names, types, shapes, values.
void add_sample(const tensor::NamedTensors& sample, Fingerprint& fingerprint);

}  // namespace rangefinder::data
