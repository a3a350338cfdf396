#include "workflow/import_cache.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <unordered_map>
#include <unordered_set>

#include "base/cancellation.h"
#include "base/error.h"
#include "base/file.h"
#include "base/near_names.h"
#include "base/parallel.h"
#include "engine/observe.h"
#include "engine/packed_model.h"
#include "engine/session.h"
#include "engine/write_model.h"
#include "exporters/explicit_int8.h"
#include "exporters/tables/calibration_cache.h"
#include "graph/graph.h"
#include "graph/model_file.h"
#include "graph/opset_upgrade.h"
#include "observers/calibrate.h"
#include "observers/registry.h"
#include "passes/prepare.h"
#include "passes/tensor_infos.h"
#include "workflow/network_nodes.h"
#include "workflow/run_files.h"

namespace rangefinder::workflow {
namespace {

using exporters::CacheEntry;
using exporters::CalibrationCache;

CalibrationCache read_cache(const std::filesystem::path& file) {
  try {
    return exporters::parse_calibration_cache(read_file(file));
  } catch (const Error& error) {
    throw error.within({.file = file.string()});
  }
}

/// The model as the user has it, all names included, at an operator set whose QuantizeLinear has an
/// axis.
struct FloatModel {
  engine::HeldModel held = {};
  passes::TensorInfos infos = {};

  explicit FloatModel(const engine::ModelSource& source)
      : held{engine::load_model(source).model, source.held} {
    onnx::ModelProto& model = held.model;
    if (const auto* node = graph::find_quantized_node(model)) {
      throw Error(fmt::format("is quantized already ({} '{}'); the float model is needed whose "
                              "tensors the cache tells of",
                              node->op_type(), node->name()),
                  {.file = source.name()});
    }
    passes::make_inputs_constant(*model.mutable_graph());
    graph::name_nodes(model);
    infos = passes::infer_tensors(model, source.file);
    upgrade(source);
  }

 private:
  void upgrade(const engine::ModelSource& source) {
    if (graph::opset_version(held.model) >= graph::kAxisOpset) return;
    const auto rank = [&](const std::string& name) -> std::optional<int64_t> {
      const auto found = infos.find(name);
      if (found == infos.end() || !found->second.shape) return std::nullopt;
      return static_cast<int64_t>(found->second.shape->size());
    };
    if (const auto reason = graph::upgrade_opset(held.model, rank)) {
      throw Error(fmt::format("is of operator set {} and cannot be brought to {}, which scales per "
                              "channel need: {}",
                              graph::opset_version(held.model), graph::kAxisOpset, *reason),
                  {.file = source.name()});
    }
    graph::name_nodes(held.model);
    infos = passes::infer_tensors(held.model, source.file);
  }
};

bool moves_values(const onnx::NodeProto& node) {
  static const std::unordered_set<std::string> kMovers = {
      "Identity", "Dropout",   "Reshape", "Flatten", "Squeeze",     "Unsqueeze",
      "MaxPool",  "Transpose", "Slice",   "Split",   "DepthToSpace"};
  return node.domain().empty() && kMovers.contains(node.op_type()) && node.input_size() > 0;
}

/// Finds the scales of tensors in a cache.
class Scales {
 public:
  Scales(const CalibrationCache& cache, onnx::ModelProto& model) : graph_(model) {
    for (const CacheEntry& entry : cache.entries) entries_[entry.tensor] = &entry;
  }

  bool is_in_model(const std::string& tensor) const {
    return graph_.producer(tensor) || graph_.is_input(tensor);
  }

  /// The line of a tensor, or of what it was moved from: values do not become larger on the way.
  const CacheEntry* find(const std::string& tensor) const {
    std::string name = tensor;
    while (true) {
      const auto found = entries_.find(name);
      if (found != entries_.end() && is_usable(*found->second)) return found->second;
      const auto* maker = graph_.producer(name);
      if (!maker || !moves_values(*maker)) return nullptr;
      name = maker->input(0);
    }
  }

  static bool is_usable(const CacheEntry& entry) {
    return entry.scale >= std::numeric_limits<float>::min();
  }

 private:
  graph::Graph graph_;
  std::unordered_map<std::string, const CacheEntry*> entries_;
};

std::string kind_of(const std::string& name) {
  if (name.starts_with("(Unnamed Layer*")) return "unnamed";
  const bool is_fused = name.find(" + ") != std::string::npos ||
                        name.find(" || ") != std::string::npos || name.starts_with("PWN(") ||
                        name.starts_with("{ForeignNode[");
  return is_fused ? "fused" : "absent";
}

/// Sorts the lines of the cache into those that serve, those that need not and those that cannot.
void tell_entries(const CalibrationCache& cache, const Scales& scales,
                  report::CacheReport& report) {
  std::unordered_set<std::string> used;
  for (const auto& row : report.tensors) used.insert(row.cache_name);
  for (const CacheEntry& entry : cache.entries) {
    if (!scales.is_in_model(entry.tensor)) {
      report.unknown.push_back({entry.tensor, entry.line, kind_of(entry.tensor)});
    } else if (!Scales::is_usable(entry)) {
      report.zero_scales.push_back(entry.tensor);
    } else if (!used.contains(entry.tensor)) {
      report.unused.push_back(entry.tensor);
    }
  }
}

void require_some_known(const CalibrationCache& cache, const Scales& scales,
                        const ImportCacheRequest& request, const std::vector<std::string>& wanted) {
  const auto& entries = cache.entries;
  if (std::any_of(entries.begin(), entries.end(),
                  [&](const CacheEntry& each) { return scales.is_in_model(each.tensor); })) {
    return;
  }
  throw Error(fmt::format("none of its {} tensors ('{}', ...) is in {}: it is of another model, or "
                          "its names were changed since{}",
                          entries.size(), entries.front().tensor, request.model.name(),
                          did_you_mean(entries.front().tensor, wanted)),
              {.file = request.cache.string()});
}

/// Symmetric int8 of TensorRT: codes -127 to 127.
quantization::TensorQuantizationConfig activation_config() {
  auto config =
      quantization::TensorQuantizationConfig::linear(quantization::Symmetry::kSymmetric, 8);
  config.quant_min = -127;
  return config;
}

/// Scales of these tensors by what the samples show.
std::unordered_map<std::string, float> calibrate(const std::vector<std::string>& tensors,
                                                 const engine::ModelSource& model,
                                                 const ImportCacheRequest& request) {
  std::vector<engine::ObservedTensor> wanted;
  for (const auto& name : tensors) wanted.push_back({.name = name});
  const auto samples =
      split_samples(*request.missing_data, {.samples = request.sample_limit, .most_held_out = 0});
  const engine::Observation seen =
      engine::observe(model, wanted, samples->calibration(), request.run,
                      {.name = "observe", .total = samples->calibration_count()});
  std::unordered_map<std::string, float> scales;
  for (size_t i = 0; i < tensors.size(); ++i) {
    auto config = activation_config();
    try {
      observers::calibrate(request.method, request.options, seen.tensors[i].channels, config);
    } catch (const Error& error) {
      throw error.within({.tensor = tensors[i]});
    }
    scales[tensors[i]] = config.scale[0];
  }
  return scales;
}

RunFiles files_of(const ImportCacheRequest& request) {
  RunFiles files{.others = {request.cache}, .outputs = {request.output}};
  if (!request.model.file.empty()) files.models.push_back(request.model.file);
  if (request.missing_data) files.data = request.missing_data->paths;
  const auto weights = engine::weights_beside(request.output);
  if (std::filesystem::exists(weights)) files.outputs.push_back(weights);
  return files;
}

/// Before the work: a method that must see raw batches cannot be had here.
void require_method(const ImportCacheRequest& request) {
  observers::registry().create(request.method, activation_config(), request.options);
}

void find_scales(const std::vector<std::string>& wanted, const Scales& scales,
                 report::CacheReport& report) {
  for (const auto& name : wanted) {
    const CacheEntry* entry = scales.find(name);
    if (!entry) {
      report.missing.push_back(name);
      continue;
    }
    const char* origin = entry->tensor == name ? "cache" : "input";
    report.tensors.push_back({name, entry->scale, origin, entry->tensor});
  }
}

void calibrate_missing(const FloatModel& model, const ImportCacheRequest& request,
                       report::CacheReport& report) {
  if (!request.missing_data || report.missing.empty()) return;
  const auto found =
      calibrate(report.missing,
                engine::pack_model(model.held.model, request.model.file, model.held.held), request);
  for (const auto& name : report.missing) {
    report.tensors.push_back({name, found.at(name), "calibrated", ""});
  }
  report.missing.clear();
}

void write_pairs(FloatModel& model, const exporters::Int8Placement& placement,
                 report::CacheReport& report) {
  std::unordered_map<std::string, float> scales;
  for (const auto& row : report.tensors) scales[row.name] = row.scale;
  const auto written = exporters::write_explicit_int8(
      model.held.model, placement, [&](const std::string& name) -> std::optional<float> {
        const auto found = scales.find(name);
        if (found == scales.end()) return std::nullopt;
        return found->second;
      });
  report.int8_count = written.weighted_count;
  report.float_nodes = float_rows(written.left_float);
  report.eligible_count = written.weighted_count + written.left_float.size();
}

void write(const ImportCacheRequest& request, const engine::ModelSource& model) {
  if (request.output.empty()) return;
  PendingFiles files;
  engine::add_model(files, request.output, model);
  files.commit();
}

}  // namespace

CacheImport import_cache(const ImportCacheRequest& request) {
  const Cancellation heeded(request.run.cancelled);
  if (request.missing_data) require_method(request);
  if (!request.output.empty()) prepare_outputs(files_of(request), request.run);
  const CoreLimit cores(static_cast<size_t>(std::max(0, request.run.jobs)));
  const CalibrationCache cache = read_cache(request.cache);
  FloatModel model(request.model);
  CacheImport result;
  report::CacheReport& report = result.report;
  report = {.cache = request.cache.string(),
            .model = request.model.name(),
            .version = cache.version.text(),
            .algorithm = cache.algorithm,
            .entry_count = cache.entries.size()};
  const auto placement = exporters::place_for_tensorrt(model.held.model, model.infos);
  const auto wanted = placement.activations();
  {
    const Scales scales(cache, model.held.model);
    require_some_known(cache, scales, request, wanted);
    find_scales(wanted, scales, report);
    tell_entries(cache, scales, report);
  }
  calibrate_missing(model, request, report);
  write_pairs(model, placement, report);
  if (report.int8_count == 0) {
    const auto& left = report.float_nodes;
    throw Error(fmt::format("nothing would be int8: {}",
                            left.empty() ? "the model has no Conv, Gemm or MatMul"
                                         : fmt::format("{} '{}' stays float: {}", left[0].op_type,
                                                       left[0].name, left[0].reason)),
                {.file = request.cache.string()});
  }
  result.model = engine::pack_model(model.held.model, request.output, model.held.held);
  const engine::Session loads(
      result.model, {.optimization = engine::OptimizationLevel::kNone, .is_for_looking = true});
  stop_if_cancelled();
  write(request, result.model);
  return result;
}

}  // namespace rangefinder::workflow
