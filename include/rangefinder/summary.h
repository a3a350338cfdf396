#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "rangefinder/export.h"

namespace rangefinder {

/// One quantized activation.
struct TensorRow {
  std::string name = {};
  /// The tensor whose parameters it shares; its own name if it has its own.
  std::string root = {};
  std::string method = {};
  /// Real values of the outermost codes.
  double range_min = 0;
  double range_max = 0;
  float scale = 0;
  int32_t offset = 0;
  uint64_t count = 0;
  uint64_t nan_count = 0;
  uint64_t inf_count = 0;
  /// Share of the values seen that lie outside the range.
  double clipped_share = 0;
  /// Signal over quantization error, from the counts; empty for a tensor of zeros.
  std::optional<double> sqnr_db = {};
  /// What the method reports beside (e.g. isotone: the share of rows whose order survives).
  std::map<std::string, double> figures = {};
};

/// How far the quantized model's output is from the float model's.
struct OutputRow {
  std::string name;
  /// Infinite if equal; as the next two NaN if nothing could be compared.
  double sqnr_db = 0;
  double cosine = 0;
  double max_abs_error = 0;
  /// Pairs of values that were left out because one is NaN or infinite.
  uint64_t nonfinite_count = 0;
  /// Samples that were compared, and those on which the two have different shapes.
  uint64_t sample_count = 0;
  uint64_t shape_mismatch_count = 0;
  /// Of an output of integers or booleans: how many values are the same in both.
  std::optional<double> equal_share = {};
  /// Why nothing could be compared; else empty.
  std::string reason = {};
};

/// A sample on which no output could be compared.
struct LeftOutRow {
  std::string name;
  std::string reason;
};

/// A weighted node that stayed float.
struct FloatNodeRow {
  std::string name;
  std::string op_type;
  std::string reason;
};

/// What bias correction did to a node with constant weights.
struct BiasCorrectionRow {
  std::string node = {};
  size_t channel_count = 0;
  /// Output channels whose bias was changed.
  size_t corrected_count = 0;
  /// How much of the estimated shift was corrected, 0 to 1: less where samples agree less on it.
  double share = 0;
  /// Why none could be; else empty.
  std::string reason = {};
};

/// A constant table that nodes look up rows of (an embedding), behind Gather.
struct LookupTableRow {
  std::string name = {};
  uint64_t row_count = 0;
  uint64_t column_count = 0;
  /// Signal over error of its codes: over all values, and of the row that a hundredth of the rows
  /// is worse than. Infinite if nothing is lost; empty if it was not tried.
  std::optional<double> sqnr_db = {};
  std::optional<double> row_sqnr_db = {};
  /// Why it stays float; empty if it became int8.
  std::string reason = {};
};

/// An LSTM node with constant weights.
struct LstmRow {
  std::string name = {};
  /// Signal over error of its weights as codes. Infinite if nothing is lost; empty if it was not
  /// tried.
  std::optional<double> sqnr_db = {};
  /// Why it stays float; empty if its weights became int8.
  std::string reason = {};
};

/// Wall-clock seconds of the steps.
struct Seconds {
  double prepare = 0;
  double observe = 0;
  double solve = 0;
  double export_ = 0;
  double verify = 0;
};

/// Everything that quantize() and solve() have to say.
///
///     const rangefinder::Summary& summary = quantized.summary();
///     std::cout << summary.table();
///     for (const auto& output : summary.outputs) check(output.name, output.sqnr_db);
struct RANGEFINDER_API Summary {
  std::string model;
  std::string output;
  std::string method = {};
  /// See Effort.
  std::string effort = {};
  std::string target;
  std::string version;
  size_t sample_count = 0;
  size_t held_out_count = 0;
  Seconds seconds;
  uint64_t peak_memory_bytes = 0;
  uint64_t float_bytes = 0;
  uint64_t quantized_bytes = 0;
  std::vector<TensorRow> tensors;
  size_t integer_nodes = 0;
  size_t eligible_nodes = 0;
  std::vector<FloatNodeRow> float_nodes;
  /// Of the integer kernels, on samples that were not used for calibration; empty if there were
  /// none.
  std::vector<OutputRow> outputs;
  /// Of those samples, the ones on which nothing could be compared.
  std::vector<LeftOutRow> left_out;
  /// Weight channels whose scale was raised for the target's accumulators.
  size_t raised_channel_count = 0;
  /// Of each integer node with constant weights; empty with Effort::kFast.
  std::vector<BiasCorrectionRow> bias_corrections = {};
  /// Of each embedding that is worth it; empty with Effort::kFast.
  std::vector<LookupTableRow> lookup_tables = {};
  /// Of each LSTM that is worth it; empty with Effort::kFast.
  std::vector<LstmRow> lstms = {};
  /// Things a reader should know, one sentence each.
  std::vector<std::string> notes;

  /// What a person wants to see at the end of a run: sizes, kernels, the tensors that lose most,
  /// outputs. At most about 100 columns wide.
  std::string table() const;
  /// All of it for programs; docs/formats/summary.md lists the keys.
  std::string json() const;
};

}  // namespace rangefinder
