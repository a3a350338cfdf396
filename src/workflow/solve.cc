#include "workflow/solve.h"

#include <fmt/format.h>
#include <fnmatch.h>

#include <cmath>
#include <unordered_map>

#include "analysis/tensor_error.h"
#include "base/error.h"
#include "graph/model_file.h"
#include "observers/calibrate.h"

namespace rangefinder::workflow {
namespace {

using quantization::TensorQuantizationConfig;
using Channels = std::vector<statistics::TensorStatistics>;

/// Names in a message before "and N more".
constexpr size_t kNameLimit = 5;

std::string method_of(const Calibration& calibration, const std::string& tensor) {
  for (const auto& [pattern, method] : calibration.method_for) {
    if (::fnmatch(pattern.c_str(), tensor.c_str(), 0) == 0) return method;
  }
  return calibration.method;
}

bool saw_data(const Channels* channels) {
  return channels && !channels->empty() && channels->front().extrema.has_range();
}

/// Channels by tensor name.
class StatisticsIndex {
 public:
  explicit StatisticsIndex(const statistics::StatisticsFile& statistics) {
    for (const auto& tensor : statistics.tensors) channels_[tensor.name] = &tensor.channels;
  }

  /// Null for a tensor that was not observed.
  const Channels* find(const std::string& tensor) const {
    const auto found = channels_.find(tensor);
    return found == channels_.end() ? nullptr : found->second;
  }

 private:
  std::unordered_map<std::string, const Channels*> channels_;
};

void require_data(const Plan& plan, const StatisticsIndex& statistics) {
  std::string names;
  size_t count = 0;
  for (const auto& name : plan.annotation.observed()) {
    if (saw_data(statistics.find(name))) continue;
    if (++count <= kNameLimit) names += fmt::format("{}'{}'", names.empty() ? "" : ", ", name);
  }
  if (count == 0) return;
  if (count > kNameLimit) names += fmt::format(" and {} more", count - kNameLimit);
  throw Error("no data reached these tensors, so they have no range: " + names,
              {.file = plan.path.string()});
}

/// A fused Clip is dropped by the runtime only if no code can stand for more than its bound.
void respect_bound(const passes::QuantizedTensor& tensor, TensorQuantizationConfig& config) {
  if (!tensor.upper_bound) return;
  const auto top = static_cast<float>(config.quant_max - config.offset[0]);
  while (top * config.scale[0] > *tensor.upper_bound) {
    config.scale[0] = std::min(std::nextafter(config.scale[0], 0.0f), *tensor.upper_bound / top);
  }
}

report::TensorRow row(const passes::QuantizedTensor& tensor, const TensorQuantizationConfig& config,
                      const Channels* channels) {
  const auto scale = static_cast<double>(config.scale[0] * tensor.factor);
  report::TensorRow row{.name = tensor.name, .root = tensor.root};
  row.method = config.observer;
  row.scale = config.scale[0] * tensor.factor;
  row.offset = config.offset[0];
  row.range_min = static_cast<double>(config.quant_min - row.offset) * scale;
  row.range_max = static_cast<double>(config.quant_max - row.offset) * scale;
  if (!saw_data(channels)) return row;
  statistics::TensorStatistics all = channels->front();
  for (size_t c = 1; c < channels->size(); ++c) all.merge((*channels)[c]);
  const auto error = analysis::tensor_error(all, config);
  row.count = all.count();
  row.nan_count = all.extrema.nan_count;
  row.inf_count = all.extrema.infinity_count();
  row.clipped_share = error.clipped_share;
  row.sqnr_db = error.sqnr_db;
  return row;
}

void solve_activations(const Plan& plan, const StatisticsIndex& statistics,
                       const Calibration& calibration, Solution& solution) {
  std::unordered_map<std::string, std::map<std::string, double>> figures;
  for (const auto& tensor : plan.annotation.tensors) {
    if (tensor.root != tensor.name) continue;
    TensorQuantizationConfig config = plan.target->activation;
    if (tensor.fixed) {
      config.observer = "fixed";
      config.activate({tensor.fixed->scale}, {tensor.fixed->zero_point});
    } else {
      const std::string method = method_of(calibration, tensor.name);
      figures[tensor.name] = observers::calibrate(method, calibration.options,
                                                  std::span(*statistics.find(tensor.name)), config);
      config.observer = method;
      respect_bound(tensor, config);
    }
    solution.tensors.emplace(tensor.name, std::move(config));
  }
  for (const auto& tensor : plan.annotation.tensors) {
    // What a fused constant factor or a mover makes has its root's codes, and so its statistics.
    solution.rows.push_back(
        row(tensor, solution.tensors.at(tensor.root), statistics.find(tensor.root)));
    solution.rows.back().figures = figures[tensor.root];
  }
}

void solve_weights(const Plan& plan, Solution& solution) {
  onnx::ModelProto model = plan.prepared.model;
  const graph::Graph graph(model);
  std::unordered_map<std::string, const onnx::NodeProto*> nodes;
  for (const auto& node : model.graph().node()) nodes[node.name()] = &node;
  for (const auto& weighted : plan.annotation.weighted) {
    if (!weighted.has_constant_weight) continue;
    const onnx::NodeProto& node = *nodes.at(weighted.name);
    const auto* input = plan.annotation.find(node.input(0));
    const float scale = solution.tensors.at(input->root).scale[0] * input->factor;
    solution.weights.push_back(passes::quantize_weight(graph, node, scale, *plan.target));
  }
}

}  // namespace

Solution solve(const Plan& plan, const statistics::StatisticsFile& statistics,
               const Calibration& calibration) {
  const StatisticsIndex index(statistics);
  require_data(plan, index);
  Solution solution;
  solve_activations(plan, index, calibration, solution);
  solve_weights(plan, solution);
  return solution;
}

onnx::ModelProto export_model(const Plan& plan, const Solution& solution) {
  return exporters::write_qdq(plan.prepared, plan.annotation, solution.tensors, solution.weights);
}

}  // namespace rangefinder::workflow
