#include "workflow/import_cache.h"

#include <fmt/format.h>

#include <algorithm>
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
#include "exporters/qdq.h"
#include "exporters/tables/calibration_cache.h"
#include "graph/graph.h"
#include "graph/model_file.h"
#include "graph/opset_upgrade.h"
#include "observers/calibrate.h"
#include "observers/registry.h"
#include "passes/annotate.h"
#include "passes/fold_constants.h"
#include "passes/gemm_bias.h"
#include "passes/gemm_factors.h"
#include "passes/prepare.h"
#include "passes/tensor_infos.h"
#include "targets/target.h"
#include "workflow/cache_scales.h"
#include "workflow/network_nodes.h"
#include "workflow/run_files.h"
#include "workflow/solved_plan.h"

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

const targets::Target& target() { return targets::find_target("tensorrt"); }

/// Weights, biases and constants beside them, which nodes may compute.
std::unordered_set<std::string> operands(const onnx::GraphProto& graph) {
  static const std::unordered_set<std::string> kTypes = {"Conv", "ConvTranspose", "Gemm", "MatMul",
                                                         "Add"};
  std::unordered_set<std::string> names;
  for (const auto& node : graph.node()) {
    if (node.domain().empty() && kTypes.contains(node.op_type())) {
      names.insert(node.input().begin(), node.input().end());
    }
  }
  names.erase("");
  return names;
}

void upgrade(passes::PreparedModel& model, const engine::ModelSource& source) {
  if (graph::opset_version(model.model) >= graph::kAxisOpset) return;
  const auto rank = [&](const std::string& name) -> std::optional<int64_t> {
    const auto found = model.infos.find(name);
    if (found == model.infos.end() || !found->second.shape) return std::nullopt;
    return static_cast<int64_t>(found->second.shape->size());
  };
  if (const auto reason = graph::upgrade_opset(model.model, rank)) {
    throw Error(fmt::format("is of operator set {} and cannot be brought to {}, which scales per "
                            "channel need: {}",
                            graph::opset_version(model.model), graph::kAxisOpset, *reason),
                {.file = source.name()});
  }
  graph::name_nodes(model.model);
  model.infos = passes::infer_tensors(model.model, source.file);
}

/// The model as the user has it, all names included, at an operator set whose QuantizeLinear has an
/// axis: ONNX Runtime's optimization, by which passes::prepare() begins, makes tensors go that the
/// cache tells of.
passes::PreparedModel float_model(const engine::ModelSource& source) {
  passes::PreparedModel made;
  made.model = engine::load_model(source).model;
  made.held = source.held;
  if (const auto* node = graph::find_quantized_node(made.model)) {
    throw Error(fmt::format("is quantized already ({} '{}'); the float model is needed whose "
                            "tensors the cache tells of",
                            node->op_type(), node->name()),
                {.file = source.name()});
  }
  passes::make_inputs_constant(*made.model.mutable_graph());
  graph::name_nodes(made.model);
  made.infos = passes::infer_tensors(made.model, source.file);
  upgrade(made, source);
  passes::fold_constants(made.model, operands(made.model.graph()), source.file);
  passes::split_gemm_factors(made.model, made.infos, passes::gemm_outputs(made.model));
  passes::split_gemm_bias(made.model, made.infos);
  return made;
}

std::string kind_of(const std::string& name) {
  if (name.starts_with("(Unnamed Layer*")) return "unnamed";
  const bool is_fused = name.find(" + ") != std::string::npos ||
                        name.find(" || ") != std::string::npos || name.starts_with("PWN(") ||
                        name.starts_with("{ForeignNode[");
  return is_fused ? "fused" : "absent";
}

/// Sorts the lines of the cache into those that serve, those that need not and those that cannot.
void tell_entries(const CalibrationCache& cache, const CacheScales& scales,
                  report::CacheReport& report) {
  std::unordered_set<std::string> used;
  for (const auto& row : report.tensors) used.insert(row.cache_name);
  for (const CacheEntry& entry : cache.entries) {
    if (!scales.is_in_model(entry.tensor)) {
      report.unknown.push_back({entry.tensor, entry.line, kind_of(entry.tensor)});
    } else if (!CacheScales::is_usable(entry)) {
      report.zero_scales.push_back(entry.tensor);
    } else if (!used.contains(entry.tensor)) {
      report.unused.push_back(entry.tensor);
    }
  }
}

void require_some_known(const CalibrationCache& cache, const CacheScales& scales,
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

/// As caches have scales: 127 of them are the largest magnitude.
quantization::TensorQuantizationConfig cache_grid() {
  auto config = target().activation;
  config.quant_min = -config.quant_max;
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
    auto config = cache_grid();
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
  observers::registry().create(request.method, cache_grid(), request.options);
}

/// Which tensors become codes, and why nodes stay float for which the cache has no scale.
class Placement {
 public:
  explicit Placement(passes::PreparedModel& model) : model_(model) { annotate(); }

  const passes::Annotation& annotation() const { return annotation_; }

  /// What reads a tensor that has no scale stays float, until none does. Others may be read as
  /// codes elsewhere then.
  void leave_float(const CacheScales& scales) {
    for (auto untold = scales.untold(annotation_); !untold.empty();
         untold = scales.untold(annotation_)) {
      for (const UntoldRead& read : untold) {
        reasons_.emplace(read.node, fmt::format("'{}' has no scale", read.tensors.front()));
      }
      annotate();
    }
  }

 private:
  void annotate() {
    std::unordered_set<std::string> excluded;
    for (const auto& [node, reason] : reasons_) excluded.insert(node);
    graph::Graph graph(model_.model);
    annotation_ = passes::annotate(graph, model_.infos, target(), excluded);
    for (auto& node : annotation_.left_float) {
      if (const auto found = reasons_.find(node.name); found != reasons_.end()) {
        node.reason = found->second;
      }
    }
  }

  passes::PreparedModel& model_;
  passes::Annotation annotation_;
  std::unordered_map<std::string, std::string> reasons_;
};

std::vector<std::string> missing_tensors(const CacheScales& scales,
                                         const passes::Annotation& annotation) {
  std::vector<std::string> missing;
  std::unordered_set<std::string> seen;
  for (const UntoldRead& read : scales.untold(annotation)) {
    for (const auto& tensor : read.tensors) {
      if (seen.insert(tensor).second) missing.push_back(tensor);
    }
  }
  return missing;
}

void calibrate_missing(const passes::PreparedModel& model, const ImportCacheRequest& request,
                       CacheScales& scales, std::vector<std::string>& missing) {
  if (!request.missing_data || missing.empty()) return;
  const auto found =
      calibrate(missing, engine::pack_model(model.model, request.model.file, model.held), request);
  for (const auto& [name, scale] : found) scales.add_calibrated(name, scale);
  missing.clear();
}

/// The pairs, by the rules of the target.
onnx::ModelProto write_pairs(passes::PreparedModel& model, const passes::Annotation& annotation,
                             const report::CacheReport& report) {
  exporters::SolvedTensors solved;
  for (const auto& row : report.tensors) {
    if (annotation.find(row.name)->is_carried) continue;
    auto config = target().activation;
    config.activate({row.scale}, {0});
    solved[row.name] = std::move(config);
  }
  const auto weights = quantize_weights(model.model, annotation, solved, target());
  return exporters::write_qdq(model, annotation, solved, weights, {}, {}, target());
}

void require_some_int8(const report::CacheReport& report) {
  if (report.int8_count > 0) return;
  const auto& left = report.float_nodes;
  throw Error(fmt::format("nothing would be int8: {}",
                          left.empty() ? "the model has no Conv, Gemm or MatMul"
                                       : fmt::format("{} '{}' stays float: {}", left[0].op_type,
                                                     left[0].name, left[0].reason)),
              {.file = report.cache});
}

/// Finds the scales and tells of them.
passes::Annotation place_pairs(const CalibrationCache& cache, passes::PreparedModel& model,
                               const ImportCacheRequest& request, report::CacheReport& report) {
  CacheScales scales(cache, model.model);
  Placement placement(model);
  require_some_known(cache, scales, request, placement.annotation().observed());
  report.missing = missing_tensors(scales, placement.annotation());
  calibrate_missing(model, request, scales, report.missing);
  placement.leave_float(scales);
  passes::Annotation annotation = placement.annotation();
  report.tensors = scales.rows(annotation);
  tell_entries(cache, scales, report);
  report.int8_count = annotation.weighted.size();
  report.float_nodes = float_rows(annotation.left_float);
  report.eligible_count = report.int8_count + annotation.left_float.size();
  require_some_int8(report);
  return annotation;
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
  passes::PreparedModel model = float_model(request.model);
  CacheImport result;
  report::CacheReport& report = result.report;
  report = {.cache = request.cache.string(),
            .model = request.model.name(),
            .version = cache.version.text(),
            .algorithm = cache.algorithm,
            .entry_count = cache.entries.size()};
  const auto annotation = place_pairs(cache, model, request, report);
  const auto written = write_pairs(model, annotation, report);
  result.model = engine::pack_model(written, request.output, model.held);
  const engine::Session loads(
      result.model, {.optimization = engine::OptimizationLevel::kNone, .is_for_looking = true});
  stop_if_cancelled();
  write(request, result.model);
  return result;
}

}  // namespace rangefinder::workflow
