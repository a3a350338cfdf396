#include "passes/fused_bound.h"

#include <limits>

#include "graph/attributes.h"
#include "graph/constants.h"

namespace rangefinder::passes {
namespace {

/// The last code must restore to it, and the scale be a normal number.
constexpr float kLeastUpperBound = 256 * std::numeric_limits<float>::min();

std::optional<float> clip_bound(const graph::Graph& graph, const onnx::NodeProto& clip, int input,
                                const char* name) {
  if (const auto* attribute = graph::find_attribute(clip, name)) return attribute->f();
  if (clip.input_size() <= input || clip.input(input).empty()) return std::nullopt;
  return scalar_constant(graph, clip.input(input));
}

}  // namespace

std::optional<float> scalar_constant(const graph::Graph& graph, const std::string& name) {
  const auto* constant = graph.initializer(name);
  if (!constant || constant->data_type() != onnx::TensorProto::FLOAT) return std::nullopt;
  const auto value = graph::read_constant(*constant);
  if (value.element_count() != 1) return std::nullopt;
  return value.floats()[0];
}

std::optional<FusedBound> fused_bound(const graph::Graph& graph, const targets::Target& target,
                                      const std::string& tensor) {
  if (!graph.is_private(tensor)) return std::nullopt;
  const onnx::NodeProto& reader = *graph.uses(tensor).front().node;
  const auto* rule = reader.domain().empty() ? target.rule(reader.op_type()) : nullptr;
  if (!rule || rule->role != targets::Role::kBound || reader.input(0) != tensor) {
    return std::nullopt;
  }
  FusedBound bound{.output = reader.output(0)};
  if (reader.op_type() != "Clip") return bound;
  const auto lower = clip_bound(graph, reader, 1, "min");
  bound.upper = clip_bound(graph, reader, 2, "max");
  if (!lower || *lower != 0 || (bound.upper && !(*bound.upper >= kLeastUpperBound))) {
    return std::nullopt;
  }
  const bool has_upper = reader.input_size() > 2 && !reader.input(2).empty();
  if (has_upper && !bound.upper) return std::nullopt;
  return bound;
}

}  // namespace rangefinder::passes
