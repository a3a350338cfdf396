#include "data/memory_source.h"

#include <fmt/format.h>

#include <utility>

namespace rangefinder::data {

MemorySource::MemorySource(std::vector<tensor::NamedTensors> samples)
    : samples_(std::move(samples)) {}

tensor::NamedTensors MemorySource::read(size_t index) const {
  require_index(index, size());
  return samples_[index];
}

std::string MemorySource::name(size_t index) const { return fmt::format("sample {}", index); }

std::string MemorySource::fingerprint() const {
  Fingerprint fingerprint;
  for (const auto& sample : samples_) add_sample(sample, fingerprint);
  return fingerprint.text();
}

void add_sample(const tensor::NamedTensors& sample, Fingerprint& fingerprint) {
  for (const auto& [name, values] : sample) {
    fingerprint.add(name);
    fingerprint.add(tensor::element_name(values.type()));
    fingerprint.add(tensor::to_string(values.shape()));
    const auto bytes = values.bytes();
    fingerprint.add({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  }
}

}  // namespace rangefinder::data
