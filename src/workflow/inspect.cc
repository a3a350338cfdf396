#include "workflow/inspect.h"

#include <fmt/format.h>

#include <stdexcept>
#include <utility>
#include <vector>

#include "analysis/fusion_check.h"
#include "base/error.h"
#include "base/name_pattern.h"
#include "base/near_names.h"
#include "engine/packed_model.h"
#include "graph/model_file.h"
#include "graph/skeleton.h"
#include "passes/exclusion.h"
#include "passes/prepare.h"
#include "statistics/all_channels.h"
#include "statistics/statistics_file.h"
#include "workflow/network_nodes.h"
#include "workflow/reference.h"

namespace rangefinder::workflow {
namespace {

report::ObservedRow row(const statistics::ObservedTensor& tensor) {
  const auto all = statistics::all_channels(tensor);
  report::ObservedRow row{.name = tensor.name, .channel_count = tensor.channels.size()};
  row.count = all.count();
  if (all.extrema.has_range()) {
    row.min = all.extrema.min;
    row.max = all.extrema.max;
  }
  if (row.count > 0) {
    row.zero_share =
        static_cast<double>(all.histogram.zero_count()) / static_cast<double>(row.count);
  }
  row.nan_count = all.extrema.nan_count;
  row.inf_count = all.extrema.infinity_count();
  return row;
}

/// What a model holds that is quantized already. Returns its float nodes.
std::vector<passes::FloatNode> look_at_codes(const engine::ModelSource& source,
                                             report::ModelInspection& inspection) {
  const onnx::ModelProto message = engine::parse_model(source);
  if (std::string foreign = foreign_target(message); !foreign.empty()) {
    const WrittenNodes written = written_nodes(message);
    inspection.target = std::move(foreign);
    inspection.is_as_written = true;
    inspection.eligible_nodes = written.all;
    inspection.integer_nodes = written.in_codes;
    return {};
  }
  auto fusion = analysis::check_fusion(source);
  inspection.eligible_nodes = fusion.eligible_nodes;
  inspection.integer_nodes = fusion.integer_nodes;
  return std::move(fusion.float_nodes);
}

}  // namespace

report::StatisticsInspection inspect_statistics(const std::filesystem::path& file) {
  const auto statistics = statistics::read_statistics(file);
  report::StatisticsInspection inspection{
      .file = file.string(),
      .model_fingerprint = fmt::format("{:016x}", statistics.model_fingerprint),
      .sample_count = statistics.sample_count(),
      .tensors = {}};
  for (const auto& tensor : statistics.tensors) {
    if (!tensor.holds_sums_alone) inspection.tensors.push_back(row(tensor));
  }
  return inspection;
}

HistogramInspection inspect_histograms(const std::filesystem::path& file,
                                       const std::string& pattern) {
  const auto statistics = statistics::read_statistics(file);
  const NamePattern wanted(pattern);
  HistogramInspection inspection{.file = file.string()};
  std::vector<std::string> known;
  for (const auto& tensor : statistics.tensors) {
    if (tensor.holds_sums_alone) continue;
    known.push_back(tensor.name);
    if (!wanted.fits(tensor.name)) continue;
    TensorHistogram histogram{.name = tensor.name};
    const auto all = statistics::all_channels(tensor);
    for (const auto& [lower, upper, count] : all.histogram.buckets()) {
      histogram.buckets.push_back({lower, upper, count});
    }
    inspection.tensors.push_back(std::move(histogram));
  }
  if (inspection.tensors.empty()) {
    throw Error(
        fmt::format("no observed tensor is called '{}'{}", pattern, did_you_mean(pattern, known)),
        {.file = file.string()});
  }
  return inspection;
}

report::ModelInspection inspect_model(const engine::ModelSource& source,
                                      const PlanOptions& options) {
  const targets::Target& target = options.target_or_default();
  const onnx::ModelProto model = engine::load_model(source).model;
  report::ModelInspection inspection{.file = source.file.string(),
                                     .target = std::string(target.name),
                                     .is_as_written = !target.runs_here};
  inspection.bytes = graph::WholeMessage(model).size();
  inspection.opset = graph::opset_version(model);
  std::vector<passes::FloatNode> left_float;
  if (graph::find_quantized_node(model) != nullptr) {
    if (!options.exclude.empty()) {
      throw std::invalid_argument(
          "the model holds codes already: what is excluded tells nothing of it");
    }
    left_float = look_at_codes(source, inspection);
  } else {
    auto prepared = passes::prepare(source);
    graph::Graph graph(prepared.model);
    const auto excluded = passes::excluded_nodes(prepared, target, options.exclude);
    const auto annotation = passes::annotate(graph, prepared.infos, target, excluded);
    inspection.integer_nodes = annotation.weighted.size();
    inspection.eligible_nodes = annotation.weighted.size() + annotation.left_float.size();
    inspection.observed = annotation.observed();
    for (const auto& node : annotation.weighted) {
      inspection.nodes.push_back({node.name, node.op_type});
    }
    left_float = annotation.left_float;
    left_float.insert(left_float.end(), annotation.unsuited.begin(), annotation.unsuited.end());
  }
  inspection.float_nodes = float_rows(left_float);
  return inspection;
}

}  // namespace rangefinder::workflow
