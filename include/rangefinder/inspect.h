#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "rangefinder/export.h"
#include "rangefinder/model.h"
#include "rangefinder/quantize.h"
#include "rangefinder/statistics.h"
#include "rangefinder/summary.h"

namespace rangefinder {

/// A weighted node that computes in integers.
struct IntegerNodeRow {
  std::string name;
  std::string op_type;
};

/// What would be quantized in a float model, or what is in a quantized one.
struct RANGEFINDER_API ModelInspection {
  std::string file = {};
  uint64_t bytes = 0;
  int64_t opset = 0;
  /// Of a quantized model: the one that it was written for, if that is known.
  std::string target = {};
  /// The target's runtime is not here: what is counted is written with codes.
  bool is_as_written = false;
  size_t eligible_nodes = 0;
  /// Nodes that would compute in integers; of a quantized model: that do.
  size_t integer_nodes = 0;
  /// Those that would, by name, in graph order.
  std::vector<IntegerNodeRow> nodes = {};
  /// Names of the tensors that would be observed, in graph order.
  std::vector<std::string> observed = {};
  std::vector<FloatNodeRow> float_nodes = {};

  std::string table() const;
  std::string json() const;
};

/// What `quantize` would do to a model, without data; of a model that already holds codes, what
/// ONNX Runtime makes of it. Throws Error and std::invalid_argument as quantize() does.
///
///     std::cout << rangefinder::inspect(rangefinder::Model::load("model.onnx")).table();
RANGEFINDER_API ModelInspection inspect(const Model& model, const PlanOptions& options = {});

/// One observed tensor of a statistics file.
struct ObservedRow {
  std::string name = {};
  size_t channel_count = 0;
  uint64_t count = 0;
  /// Of the finite values; both 0 while nothing was seen.
  double min = 0;
  double max = 0;
  double zero_share = 0;
  uint64_t nan_count = 0;
  uint64_t inf_count = 0;
};

/// What a statistics file holds.
struct RANGEFINDER_API StatisticsInspection {
  std::string file = {};
  std::string model_fingerprint;
  uint64_t sample_count = 0;
  std::vector<ObservedRow> tensors;

  std::string table() const;
  std::string json() const;
  /// One line for each tensor, for spreadsheets.
  std::string csv() const;
};

/// Throws Error as Statistics::load() does.
RANGEFINDER_API StatisticsInspection inspect_statistics(const std::filesystem::path& file);

/// The distribution of one tensor, all channels together.
struct TensorHistogram {
  std::string name = {};
  /// Non-empty ones in ascending order, as Statistics::histogram() gives them.
  std::vector<HistogramBucket> buckets = {};
};

/// The distributions of some tensors of a statistics file.
struct RANGEFINDER_API HistogramInspection {
  std::string file = {};
  /// In the order of the graph.
  std::vector<TensorHistogram> tensors = {};

  /// Bars of Unicode blocks for a terminal of so many columns, one for each octave of magnitudes;
  /// their lengths go with the logarithm of the counts.
  std::string chart(size_t columns = 80) const;
  /// One line for each bucket: tensor, lower, upper, count.
  std::string csv() const;
  std::string json() const;
};

/// Of the tensors whose names fit the pattern (`*`, `?`). Throws Error as Statistics::load() does,
/// and naming near ones if no tensor fits.
RANGEFINDER_API HistogramInspection inspect_histograms(const std::filesystem::path& file,
                                                       const std::string& pattern);

}  // namespace rangefinder
