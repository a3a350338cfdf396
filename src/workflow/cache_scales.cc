// A cache names tensors of the network that TensorRT built, a model's codes lie elsewhere:
//
//   conv1 -Q-DQ-> MaxPool -> pool1 -> Flatten -> flat -> Gemm
//
// The pair stands behind conv1, its root, whose codes pool1 and flat carry. The Gemm is told of if
// there is a line for flat, or for one of those before it.

#include "workflow/cache_scales.h"

#include <algorithm>
#include <limits>

namespace rangefinder::workflow {
namespace {

using exporters::CacheEntry;

bool moves_values(const onnx::NodeProto& node) {
  static const std::unordered_set<std::string> kMovers = {
      "Identity", "Dropout",   "Reshape", "Flatten", "Squeeze",     "Unsqueeze",
      "MaxPool",  "Transpose", "Slice",   "Split",   "DepthToSpace"};
  return node.domain().empty() && kMovers.contains(node.op_type()) && node.input_size() > 0;
}

/// Reads by nodes that carry codes on are no reads: what counts is who reads those.
std::unordered_set<std::string> carriers(const graph::Graph& graph,
                                         const passes::Annotation& annotation) {
  std::unordered_set<std::string> names;
  for (const auto& tensor : annotation.tensors) {
    if (tensor.is_carried) names.insert(graph.producer(tensor.name)->name());
  }
  return names;
}

}  // namespace

CacheScales::CacheScales(const exporters::CalibrationCache& cache, onnx::ModelProto& model)
    : graph_(model) {
  for (const CacheEntry& entry : cache.entries) lines_[entry.tensor] = &entry;
}

bool CacheScales::is_in_model(const std::string& tensor) const {
  return graph_.producer(tensor) || graph_.is_input(tensor);
}

bool CacheScales::is_usable(const CacheEntry& entry) {
  return entry.scale >= std::numeric_limits<float>::min();
}

const CacheEntry* CacheScales::own_line(const std::string& tensor) const {
  const auto found = lines_.find(tensor);
  return found != lines_.end() && is_usable(*found->second) ? found->second : nullptr;
}

const CacheEntry* CacheScales::line_upwards(const std::string& tensor) const {
  std::string name = tensor;
  while (true) {
    if (const CacheEntry* line = own_line(name)) return line;
    const auto* maker = graph_.producer(name);
    if (!maker || !moves_values(*maker)) return nullptr;
    name = maker->input(0);
  }
}

bool CacheScales::is_moved_from(const std::string& tensor, const std::string& source) const {
  const auto* maker = graph_.producer(tensor);
  while (maker && moves_values(*maker)) {
    if (maker->input(0) == source) return true;
    maker = graph_.producer(maker->input(0));
  }
  return false;
}

std::optional<CacheScales::Given> CacheScales::of_root(const std::string& root) const {
  if (const CacheEntry* line = line_upwards(root)) return Given{line->scale, line->tensor};
  const auto found = calibrated_.find(root);
  return found == calibrated_.end() ? std::nullopt : std::optional(Given{found->second, ""});
}

void CacheScales::collect_untold(const passes::Annotation& annotation, const std::string& tensor,
                                 std::unordered_set<std::string>& seen,
                                 std::vector<std::string>& untold) const {
  if (!seen.insert(tensor).second || own_line(tensor)) return;
  const passes::QuantizedTensor& codes = *annotation.find(tensor);
  if (!codes.is_carried) {
    if (!of_root(tensor)) untold.push_back(tensor);
    return;
  }
  const onnx::NodeProto& maker = *graph_.producer(tensor);
  const int count = maker.op_type() == "Concat" ? maker.input_size() : 1;
  for (int i = 0; i < count; ++i) collect_untold(annotation, maker.input(i), seen, untold);
}

std::vector<UntoldRead> CacheScales::untold(const passes::Annotation& annotation) const {
  const auto carrying = carriers(graph_, annotation);
  std::vector<UntoldRead> reads;
  for (const auto& tensor : annotation.tensors) {
    std::unordered_set<std::string> seen;
    std::vector<std::string> lacking;
    collect_untold(annotation, tensor.name, seen, lacking);
    if (lacking.empty()) continue;
    for (const auto& [node, input] : tensor.reads) {
      if (!carrying.contains(node)) reads.push_back({node, lacking});
    }
  }
  return reads;
}

std::map<std::string, CacheScales::Given> CacheScales::of_roots(
    const passes::Annotation& annotation) const {
  // The first of those that share their parameters stands for all.
  std::unordered_map<std::string, std::string> masters;
  for (const auto& group : annotation.aligned) {
    for (const auto& member : group) masters[member] = group.front();
  }
  const auto master_of = [&](const std::string& root) {
    const auto found = masters.find(root);
    return found == masters.end() ? root : found->second;
  };
  std::map<std::string, Given> largest;
  const auto add = [&](const std::string& root, const Given& given) {
    Given& so_far = largest[master_of(root)];
    if (given.scale > so_far.scale) so_far = given;
  };
  std::unordered_set<std::string> partly_told;
  for (const auto& tensor : annotation.tensors) {
    if (tensor.is_carried) continue;
    const auto given = of_root(tensor.name);
    if (given) add(tensor.name, *given);
    if (!given) partly_told.insert(master_of(tensor.name));
  }
  for (const auto& tensor : annotation.tensors) {
    const CacheEntry* line = tensor.is_carried ? own_line(tensor.name) : nullptr;
    if (!line || !partly_told.contains(master_of(tensor.root))) continue;
    add(tensor.root, {line->scale, line->tensor});
  }
  std::map<std::string, Given> all;
  for (const auto& tensor : annotation.tensors) {
    if (!tensor.is_carried) all[tensor.name] = largest.at(master_of(tensor.name));
  }
  return all;
}

report::ImportedTensorRow CacheScales::row(const passes::QuantizedTensor& tensor,
                                           const Given& given) const {
  const CacheEntry* own = own_line(tensor.name);
  if (own && own->scale == given.scale) return {tensor.name, own->scale, "cache", own->tensor};
  if (given.line.empty()) return {tensor.name, given.scale, "calibrated", ""};
  const char* origin = is_moved_from(tensor.name, given.line) ? "input" : "shared";
  return {tensor.name, given.scale, origin, given.line};
}

std::vector<report::ImportedTensorRow> CacheScales::rows(
    const passes::Annotation& annotation) const {
  const auto scales = of_roots(annotation);
  std::vector<report::ImportedTensorRow> rows;
  for (const auto& tensor : annotation.tensors) {
    rows.push_back(row(tensor, scales.at(tensor.root)));
  }
  return rows;
}

}  // namespace rangefinder::workflow
