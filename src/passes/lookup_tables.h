#pragma once

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <string>
#include <unordered_set>
#include <vector>

#include "graph/graph.h"
#include "passes/annotate.h"

namespace rangefinder::passes {

/// A smaller table is not worth a node.
inline constexpr int64_t kLeastTableBytes = int64_t{64} << 10;
/// What a table must keep to become codes, in dB: over all its values; and over each row's own,
/// for all but a hundredth of the rows [docs/numerics/lookup_tables.md].
inline constexpr double kLeastTableSqnr = 30;
inline constexpr double kLeastRowSqnr = 20;

/// A constant matrix that nodes look up rows of: an embedding.
struct LookupTable {
  std::string name;
  /// The Gather nodes that read it, in graph order.
  std::vector<std::string> gathers = {};
  /// Why it must stay float; else empty.
  std::string obstacle = {};
};

/// The float matrices of at least kLeastTableBytes that some Gather reads along axis 0, in the
/// order of those. One that is read otherwise has an obstacle - unless by nodes that get codes of
/// it of their own, as the last layer of a network with tied weights does; so has one whose Gather
/// is in `excluded`. Cost: linear in nodes and reads of tables.
std::vector<LookupTable> find_lookup_tables(graph::Graph& graph, const Annotation& annotation,
                                            const std::unordered_set<std::string>& excluded = {});

/// A table as codes, restored by `(code) * scale[column]`: what an exporter writes.
struct QuantizedTable {
  LookupTable table = {};
  int64_t row_count = 0;
  int64_t column_count = 0;
  /// int8, rows times columns, without a name; empty if there is an obstacle.
  onnx::TensorProto codes = {};
  /// One per column: max|w| / 127; 1 for a column of zeros.
  std::vector<float> scale = {};
  /// Signal over error, over all values, and of the row that a hundredth of the rows is worse than.
  /// Rows of zeros do not count. Infinite if nothing is lost.
  double sqnr_db = 0;
  double row_sqnr_db = 0;
};

/// Symmetric codes -127..127, nearest, ties to even. The table is read twice, a block at a time.
/// An obstacle is written if it loses too much, or holds what is not finite; no scale is zero,
/// denormal or infinite. Throws Error as graph::for_each_float_block() does.
QuantizedTable quantize_table(const graph::Graph& graph, LookupTable table);

}  // namespace rangefinder::passes
