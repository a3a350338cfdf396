#include "support/streams.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <stdexcept>

namespace rangefinder::support {
namespace {

// A draw and where it lies in its batch.
struct Draw {
  double n;
  size_t index;
  double channel;
  double channel_count;
};

using Transform = double (*)(const Draw&);

const std::map<std::string, Transform, std::less<>>& transforms() {
  static const std::map<std::string, Transform, std::less<>> all = {
      {"normal", [](const Draw& d) { return d.n; }},
      {"relu", [](const Draw& d) { return std::max(d.n, 0.0); }},
      {"spike4", [](const Draw& d) { return d.index % 1009 == 1008 ? d.n * 4 : d.n; }},
      {"spike60", [](const Draw& d) { return d.index % 5003 == 5002 ? d.n * 60 : d.n; }},
      {"cubed", [](const Draw& d) { return std::pow(d.n, 3.0); }},
      {"bimodal", [](const Draw& d) { return d.index % 3 == 0 ? d.n * 0.1 - 3 : d.n * 0.5 + 5; }},
      {"tiny", [](const Draw& d) { return d.n * 1e-6; }},
      {"huge", [](const Draw& d) { return d.n * 1e6; }},
      {"negative", [](const Draw& d) { return -std::fabs(d.n) - 0.5; }},
      {"positive", [](const Draw& d) { return std::fabs(d.n) + 0.5; }},
      {"channels", [](const Draw& d) { return d.n * std::exp2(d.channel - 4.0); }},
      {"shifted", [](const Draw& d) { return d.n + (d.channel - d.channel_count / 2); }},
      {"zeros", [](const Draw& d) { return d.n * 0; }},
      {"constant", [](const Draw& d) { return d.n * 0 + 3.25; }},
      {"sparse", [](const Draw& d) { return d.index % 2003 == 7 ? std::fabs(d.n) + 1 : 0.0; }},
  };
  return all;
}

}  // namespace

std::vector<double> draws(uint32_t seed, size_t count) {
  std::vector<double> result(count);
  uint32_t state = seed;
  for (double& n : result) {
    int64_t sum = 0;
    for (int i = 0; i < 8; ++i) {
      state = state * 1664525u + 1013904223u;
      sum += state >> 12;
    }
    n = static_cast<double>(sum - 4 * (int64_t{1} << 20)) / 0x1p20;
  }
  return result;
}

const std::vector<std::string>& stream_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> keys;
    for (const auto& [name, transform] : transforms()) keys.push_back(name);
    return keys;
  }();
  return names;
}

tensor::Tensor stream_batch(std::string_view name, uint32_t seed, const tensor::Shape& shape) {
  const auto found = transforms().find(name);
  if (found == transforms().end()) {
    throw std::invalid_argument("Unknown stream '" + std::string(name) + "'.");
  }
  const size_t channels = shape.size() > 1 ? static_cast<size_t>(shape[1]) : 1;
  size_t inner = 1;
  for (size_t i = 2; i < shape.size(); ++i) inner *= static_cast<size_t>(shape[i]);
  tensor::Tensor batch(tensor::ElementType::kFloat32, shape);
  const std::vector<double> n = draws(seed, batch.element_count());
  for (size_t i = 0; i < n.size(); ++i) {
    const auto channel = static_cast<double>(i / inner % channels);
    batch.floats()[i] =
        static_cast<float>(found->second({n[i], i, channel, static_cast<double>(channels)}));
  }
  return batch;
}

std::vector<tensor::Tensor> stream_batches(std::string_view name, uint32_t seed,
                                           const tensor::Shape& shape, size_t count) {
  std::vector<tensor::Tensor> batches;
  for (size_t b = 0; b < count; ++b) {
    batches.push_back(stream_batch(name, seed + static_cast<uint32_t>(b), shape));
  }
  return batches;
}

}  // namespace rangefinder::support
