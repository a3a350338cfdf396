#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "engine/onnx_messages.h"
#include "engine/operator_names.h"
#include "graph/attributes.h"

// Which node is which, and what ours are told. A null node is none of them.

namespace rangefinder::engine {

inline bool is(const onnx::NodeProto* node, std::string_view op_type,
               std::string_view domain = "") {
  return node != nullptr && node->op_type() == op_type && node->domain() == domain;
}

/// One of these operators of the default domain.
template <size_t N>
bool is_one_of(const onnx::NodeProto* node, const std::array<std::string_view, N>& op_types) {
  return std::any_of(op_types.begin(), op_types.end(),
                     [&](std::string_view op_type) { return is(node, op_type); });
}

inline bool is_observe(const onnx::NodeProto* node) {
  return is(node, kObserveOperator, kOperatorDomain);
}

/// ReorderInput or ReorderOutput, between [N, C, H, W] and blocks of channels.
inline bool is_conversion(const onnx::NodeProto* node, std::string_view op_type) {
  return is(node, op_type, kBlockedDomain) && graph::int_attribute(*node, "channels_last", 0) == 0;
}

/// Tells a node of ours that its input lies in blocks.
inline void set_blocks(onnx::NodeProto& node, int64_t block, int64_t channels) {
  graph::set_attribute(node, kBlockAttribute, block);
  graph::set_attribute(node, kChannelsAttribute, channels);
}

}  // namespace rangefinder::engine
