#include "engine/gate_rounding.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <span>
#include <vector>

#include "base/error.h"
#include "engine/probe.h"
#include "engine/simd/gates.h"
#include "graph/attributes.h"

namespace rangefinder::engine {
namespace {

constexpr float kAlpha = 1.0f / 6;
constexpr float kBeta = 0.5f;

/// Values between -4 and 4 of which each has bits of its own down to the last.
tensor::Tensor probe_values(tensor::Shape shape) {
  tensor::Tensor x(tensor::ElementType::kFloat32, std::move(shape));
  const std::span<float> values = x.floats();
  for (size_t i = 0; i < values.size(); ++i) {
    const auto place = static_cast<float>((i * 2'654'435'761u) % values.size());
    values[i] = (place / static_cast<float>(values.size()) - 0.5f) * 7.9f;
  }
  return x;
}

bool gives(Session& session, const tensor::Tensor& x, std::span<const float> expected) {
  const tensor::NamedTensors result = session.run({{"x", x}});
  const auto bits = [](float value) { return std::bit_cast<uint32_t>(value); };
  return std::ranges::equal(result.at("y").floats(), expected, {}, bits, bits);
}

bool probe_hard_swish() {
  Session session = open_probe([](graph::Graph& graph) {
    auto& gate = graph.add_node("HardSigmoid", "gate", {"x"}, {"gate"});
    graph::set_attribute(gate, "alpha", kAlpha);
    graph::set_attribute(gate, "beta", kBeta);
    graph.add_node("Mul", "product", {"x", "gate"}, {"y"});
  });
  const tensor::Tensor x = probe_values({4099});
  std::vector<float> expected(x.element_count());
  simd::hard_swish(x.floats(), kAlpha, kBeta, expected.data());
  return gives(session, x, expected);
}

bool probe_means() {
  constexpr int64_t kChannels = 16;
  Session session = open_probe(
      [](graph::Graph& graph) { graph.add_node("GlobalAveragePool", "pool", {"x"}, {"y"}); });
  return std::ranges::all_of(std::vector<int64_t>{1, 30, 121, 196, 223}, [&](int64_t positions) {
    const tensor::Tensor x = probe_values({1, kChannels, 1, positions});
    std::vector<float> expected(kChannels);
    for (size_t c = 0; c < kChannels; ++c) {
      const auto size = static_cast<size_t>(positions);
      simd::mean_lanes(x.floats().subspan(c * size, size), std::span(expected).subspan(c, 1));
    }
    return gives(session, x, expected);
  });
}

bool succeeds(bool (*probe)()) {
  try {
    return probe();
  } catch (const Error&) {
    return false;
  }
}

}  // namespace

bool hard_swish_rounds_alike() {
  static const bool alike = succeeds(probe_hard_swish);
  return alike;
}

bool means_round_alike() {
  static const bool alike = succeeds(probe_means);
  return alike;
}

}  // namespace rangefinder::engine
