// An embedding is read row by row, so its integers must be made float again behind the Gather: by a
// DequantizeLinear with a scale for each column, which are few. A scale for each row would have to
// be looked up, too (two nodes more), and one for all loses 12 dB (docs/numerics/lookup_tables.md).
// Tables are the largest constants of some models: they are never held as floats.

#include "passes/lookup_tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

#include "graph/attributes.h"
#include "graph/constants.h"
#include "quantization/error_metrics.h"

namespace rangefinder::passes {
namespace {

constexpr float kLimit = 127;

bool is_lookup(const onnx::NodeProto& node) {
  if (node.op_type() != "Gather" || !node.domain().empty()) return false;
  const int64_t axis = graph::int_attribute(node, "axis", 0);
  return axis == 0 || axis == -2;  // of a matrix
}

bool is_table(const onnx::TensorProto* constant) {
  if (constant == nullptr || constant->data_type() != onnx::TensorProto::FLOAT) return false;
  if (constant->dims_size() != 2) return false;
  const int64_t columns = constant->dims(1);
  const auto least = kLeastTableBytes / static_cast<int64_t>(sizeof(float));
  return columns > 0 && constant->dims(0) >= (least + columns - 1) / columns;
}

class TableFinder {
 public:
  TableFinder(const graph::Graph& graph, const Annotation& annotation,
              const std::unordered_set<std::string>& excluded)
      : graph_(graph), excluded_(excluded) {
    for (const auto& node : annotation.weighted) {
      if (node.has_constant_weight) weighted_.insert(node.name);
    }
  }

  LookupTable table(const std::string& name) const {
    LookupTable table{.name = name};
    if (graph_.is_output(name)) table.obstacle = "is an output of the model";
    if (graph_.is_used_by_body(name)) table.obstacle = "is read in a body of If, Loop or Scan, too";
    for (const graph::Use& use : graph_.uses(name)) add(use, table);
    return table;
  }

 private:
  void add(const graph::Use& use, LookupTable& table) const {
    const onnx::NodeProto& node = *use.node;
    if (is_lookup(node) && use.input == 0) {
      table.gathers.push_back(node.name());
      if (excluded_.contains(node.name())) {
        table.obstacle = fmt::format("its Gather '{}' is excluded", node.name());
      }
    } else if (use.input != 1 || !weighted_.contains(node.name())) {
      table.obstacle = fmt::format("is read by {} '{}', too", node.op_type(), node.name());
    }
  }

  const graph::Graph& graph_;
  const std::unordered_set<std::string>& excluded_;
  std::unordered_set<std::string> weighted_;
};

/// Calls `visit(values, row, column)` with neighbouring values of one row at a time, in order.
template <typename Visit>
void for_each_row_part(const onnx::TensorProto& table, const Visit& visit) {
  const auto columns = static_cast<size_t>(table.dims(1));
  size_t row = 0;
  size_t column = 0;
  graph::for_each_float_block(table, [&](std::span<const float> block) {
    while (!block.empty()) {
      const size_t count = std::min(block.size(), columns - column);
      visit(block.first(count), row, column);
      block = block.subspan(count);
      column = (column + count) % columns;
      row += column == 0;
    }
    return true;
  });
}

/// The largest magnitudes of the columns; empty if something is not finite.
std::vector<float> column_extents(const onnx::TensorProto& table) {
  std::vector<float> largest(static_cast<size_t>(table.dims(1)));
  bool is_finite = true;
  for_each_row_part(table, [&](std::span<const float> values, size_t /*row*/, size_t column) {
    for (size_t k = 0; k < values.size(); ++k) {
      const float magnitude = std::abs(values[k]);
      is_finite = is_finite && magnitude <= std::numeric_limits<float>::max();
      largest[column + k] = std::max(largest[column + k], magnitude);
    }
  });
  return is_finite ? largest : std::vector<float>();
}

float scale_of(float largest) {
  if (largest == 0) return 1;
  const float scale = std::max(largest / kLimit, std::numeric_limits<float>::min());
  // The last code restores to a finite number.
  return std::isinf(scale * kLimit) ? std::nextafter(scale, 0.0f) : scale;
}

/// Near to zero adding a number whose step is 1 rounds as nearbyint() does.
float code_of(float value, float scale) {
  constexpr float kStepIsOne = 0x1.8p23f;
  const float code = std::min(std::max(value / scale, -kLimit), kLimit);
  return (code + kStepIsOne) - kStepIsOne;
}

struct Power {
  double signal = 0;
  double error = 0;

  double decibels() const { return quantization::decibels(signal, error); }
};

/// Writes codes; returns signal and error of every row.
std::vector<Power> write_codes(const onnx::TensorProto& table, QuantizedTable& result) {
  std::vector<Power> rows(static_cast<size_t>(result.row_count));
  result.codes.set_data_type(onnx::TensorProto::INT8);
  result.codes.add_dims(result.row_count);
  result.codes.add_dims(result.column_count);
  std::string& codes = *result.codes.mutable_raw_data();
  codes.reserve(static_cast<size_t>(result.row_count * result.column_count));
  for_each_row_part(table, [&](std::span<const float> values, size_t row, size_t column) {
    for (size_t k = 0; k < values.size(); ++k) {
      const float scale = result.scale[column + k];
      const float code = code_of(values[k], scale);
      const double lost = static_cast<double>(values[k]) - static_cast<double>(code * scale);
      rows[row].signal += static_cast<double>(values[k]) * values[k];
      rows[row].error += lost * lost;
      codes.push_back(static_cast<char>(static_cast<int8_t>(code)));
    }
  });
  return rows;
}

void rate(const std::vector<Power>& rows, QuantizedTable& result) {
  Power all;
  std::vector<double> decibels;
  for (const Power& row : rows) {
    all.signal += row.signal;
    all.error += row.error;
    if (row.signal > 0) decibels.push_back(row.decibels());
  }
  result.sqnr_db = all.decibels();
  result.row_sqnr_db = result.sqnr_db;
  if (decibels.empty()) return;
  const auto hundredth = decibels.begin() + static_cast<std::ptrdiff_t>(decibels.size() / 100);
  std::nth_element(decibels.begin(), hundredth, decibels.end());
  result.row_sqnr_db = *hundredth;
}

}  // namespace

std::vector<LookupTable> find_lookup_tables(graph::Graph& graph, const Annotation& annotation,
                                            const std::unordered_set<std::string>& excluded) {
  const TableFinder finder(graph, annotation, excluded);
  std::vector<LookupTable> tables;
  std::unordered_set<std::string> known;
  for (const auto& node : graph.message().node()) {
    if (!is_lookup(node) || !is_table(graph.initializer(node.input(0)))) continue;
    if (known.insert(node.input(0)).second) tables.push_back(finder.table(node.input(0)));
  }
  return tables;
}

QuantizedTable quantize_table(const graph::Graph& graph, LookupTable table) {
  const onnx::TensorProto& constant = *graph.initializer(table.name);
  QuantizedTable result{
      .table = std::move(table), .row_count = constant.dims(0), .column_count = constant.dims(1)};
  if (!result.table.obstacle.empty()) return result;
  const std::vector<float> extents = column_extents(constant);
  if (extents.empty()) {
    result.table.obstacle = "holds NaN or infinity";
    return result;
  }
  for (const float largest : extents) result.scale.push_back(scale_of(largest));
  rate(write_codes(constant, result), result);
  if (result.sqnr_db >= kLeastTableSqnr && result.row_sqnr_db >= kLeastRowSqnr) return result;
  result.table.obstacle =
      fmt::format("would keep {:.1f} dB, its rows {:.1f}; {} and {} are needed", result.sqnr_db,
                  result.row_sqnr_db, kLeastTableSqnr, kLeastRowSqnr);
  result.codes = {};
  return result;
}

}  // namespace rangefinder::passes
