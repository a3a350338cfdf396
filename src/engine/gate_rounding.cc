#include "engine/gate_rounding.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/error.h"
#include "engine/session.h"
#include "engine/simd/gates.h"
#include "graph/attributes.h"
#include "graph/graph.h"

namespace rangefinder::engine {
namespace {

constexpr float kAlpha = 1.0f / 6;
constexpr float kBeta = 0.5f;

/// A model that makes y of x, both float32; `add_nodes` writes how.
std::string probe_model(const std::function<void(graph::Graph&)>& add_nodes) {
  onnx::ModelProto model;
  model.set_ir_version(8);
  model.add_opset_import()->set_version(13);
  onnx::GraphProto& message = *model.mutable_graph();
  message.set_name("probe");
  message.add_input()->set_name("x");
  message.add_output()->set_name("y");
  for (auto* info : {message.mutable_input(0), message.mutable_output(0)}) {
    info->mutable_type()->mutable_tensor_type()->set_elem_type(onnx::TensorProto::FLOAT);
  }
  graph::Graph graph(model);
  add_nodes(graph);
  return model.SerializeAsString();
}

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
  Session session(ModelSource(probe_model([](graph::Graph& graph) {
                                auto& gate = graph.add_node("HardSigmoid", "g", {"x"}, {"gate"});
                                graph::set_attribute(gate, "alpha", kAlpha);
                                graph::set_attribute(gate, "beta", kBeta);
                                graph.add_node("Mul", "product", {"x", "gate"}, {"y"});
                              }),
                              ""),
                  {.optimization = OptimizationLevel::kNone});
  const tensor::Tensor x = probe_values({4099});
  std::vector<float> expected(x.element_count());
  simd::hard_swish(x.floats(), kAlpha, kBeta, expected.data());
  return gives(session, x, expected);
}

bool probe_means() {
  constexpr int64_t kChannels = 16;
  Session session(ModelSource(probe_model([](graph::Graph& graph) {
                                graph.add_node("GlobalAveragePool", "pool", {"x"}, {"y"});
                              }),
                              ""),
                  {.optimization = OptimizationLevel::kNone});
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
