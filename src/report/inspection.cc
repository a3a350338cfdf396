#include "report/inspection.h"

#include <fmt/format.h>

#include <iterator>
#include <nlohmann/json.hpp>

#include "base/printable.h"
#include "report/json_text.h"

namespace rangefinder::report {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kNameWidth = 48;

}  // namespace

Json to_json(const StatisticsInspection& inspection) {
  Json tensors = Json::array();
  for (const auto& tensor : inspection.tensors) {
    tensors.push_back({{"name", tensor.name},
                       {"channels", tensor.channel_count},
                       {"count", tensor.count},
                       {"min", tensor.min},
                       {"max", tensor.max},
                       {"zero_share", tensor.zero_share},
                       {"nan_count", tensor.nan_count},
                       {"inf_count", tensor.inf_count}});
  }
  return {{"file", inspection.file},
          {"model_fingerprint", inspection.model_fingerprint},
          {"samples", inspection.sample_count},
          {"tensors", tensors}};
}

Json to_json(const ModelInspection& inspection) {
  Json nodes = Json::array();
  for (const auto& node : inspection.float_nodes) {
    nodes.push_back(to_json(node));
  }
  Json integer_nodes = Json::array();
  for (const auto& node : inspection.nodes) {
    integer_nodes.push_back({{"name", node.name}, {"op_type", node.op_type}});
  }
  return {{"file", inspection.file},
          {"bytes", inspection.bytes},
          {"opset", inspection.opset},
          {"target", inspection.target},
          {"is_as_written", inspection.is_as_written},
          {"integer_nodes", inspection.integer_nodes},
          {"eligible_nodes", inspection.eligible_nodes},
          {"observed_tensors", inspection.observed.size()},
          {"nodes", integer_nodes},
          {"observed", inspection.observed},
          {"float_nodes", nodes}};
}

std::string to_table(const StatisticsInspection& inspection) {
  std::string text =
      fmt::format("{}: {} samples, {} tensors, model {}\n", printable(inspection.file),
                  inspection.sample_count, inspection.tensors.size(), inspection.model_fingerprint);
  auto out = std::back_inserter(text);
  fmt::format_to(out, "{:<{}} {:>12} {:>12} {:>12} {:>7} {:>6} {:>6}\n", "tensor", kNameWidth,
                 "count", "min", "max", "zeros", "NaN", "Inf");
  for (const auto& tensor : inspection.tensors) {
    fmt::format_to(out, "{:<{}} {:>12} {:>12.5g} {:>12.5g} {:>6.1f}% {:>6} {:>6}\n",
                   printable(tensor.name), kNameWidth, tensor.count, tensor.min, tensor.max,
                   tensor.zero_share * 100, tensor.nan_count, tensor.inf_count);
  }
  return text;
}

std::string to_table(const ModelInspection& inspection) {
  std::string text = fmt::format("{}: {} bytes, operator set {}\n", printable(inspection.file),
                                 inspection.bytes, inspection.opset);
  auto out = std::back_inserter(text);
  fmt::format_to(out, "{} of {} Conv, Gemm and MatMul nodes {} {}\n", inspection.integer_nodes,
                 inspection.eligible_nodes,
                 inspection.is_as_written ? "are written with codes for" : "compute in integers on",
                 printable(inspection.target));
  if (!inspection.observed.empty()) {
    fmt::format_to(out, "{} tensors would be observed\n", inspection.observed.size());
  }
  for (const auto& node : inspection.nodes) {
    fmt::format_to(out, "integer: {} '{}'\n", printable(node.op_type), printable(node.name));
  }
  for (const auto& node : inspection.float_nodes) {
    fmt::format_to(out, "float: {} '{}': {}\n", printable(node.op_type), printable(node.name),
                   printable(node.reason));
  }
  for (const auto& name : inspection.observed)
    fmt::format_to(out, "observed: {}\n", printable(name));
  return text;
}

}  // namespace rangefinder::report

namespace rangefinder {

std::string ModelInspection::table() const { return report::to_table(*this); }
std::string ModelInspection::json() const { return report::json_text(report::to_json(*this)); }
std::string StatisticsInspection::table() const { return report::to_table(*this); }
std::string StatisticsInspection::json() const { return report::json_text(report::to_json(*this)); }

}  // namespace rangefinder
