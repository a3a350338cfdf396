#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "report/summary.h"

namespace rangefinder::report {

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
struct StatisticsInspection {
  std::string file = {};
  std::string model_fingerprint;
  uint64_t sample_count = 0;
  std::vector<ObservedRow> tensors;
};

/// A weighted node that computes in integers.
struct IntegerNodeRow {
  std::string name;
  std::string op_type;
};

/// What would be quantized in a float model, or what is in a quantized one.
struct ModelInspection {
  std::string file = {};
  uint64_t bytes = 0;
  int64_t opset = 0;
  std::string target = {};
  size_t eligible_nodes = 0;
  /// Nodes that would compute in integers; of a quantized model: that do.
  size_t integer_nodes = 0;
  /// Those that would, by name, in graph order.
  std::vector<IntegerNodeRow> nodes = {};
  /// Names of the tensors that would be observed, in graph order.
  std::vector<std::string> observed = {};
  std::vector<FloatNodeRow> float_nodes = {};
};

nlohmann::ordered_json to_json(const StatisticsInspection& inspection);
nlohmann::ordered_json to_json(const ModelInspection& inspection);
std::string to_table(const StatisticsInspection& inspection);
std::string to_table(const ModelInspection& inspection);

}  // namespace rangefinder::report
