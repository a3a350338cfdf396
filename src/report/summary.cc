#include "report/summary.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "report/json_text.h"

namespace rangefinder::report {
namespace {

using Json = nlohmann::ordered_json;

Json number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

Json number(const std::optional<double>& value) { return value ? number(*value) : Json(nullptr); }

Json tensor_json(const TensorRow& tensor) {
  Json json = {{"name", tensor.name},
               {"root", tensor.root},
               {"method", tensor.method},
               {"range", {number(tensor.range_min), number(tensor.range_max)}},
               {"scale", tensor.scale},
               {"offset", tensor.offset},
               {"count", tensor.count},
               {"nan_count", tensor.nan_count},
               {"inf_count", tensor.inf_count},
               {"clipped_share", number(tensor.clipped_share)},
               {"sqnr_db", number(tensor.sqnr_db)}};
  for (const auto& [name, value] : tensor.figures) json[name] = number(value);
  return json;
}

Json seconds_json(const Seconds& seconds) {
  return {{"prepare", seconds.prepare},
          {"observe", seconds.observe},
          {"solve", seconds.solve},
          {"export", seconds.export_},
          {"verify", seconds.verify}};
}

template <typename Row, typename ToJson>
Json to_array(const std::vector<Row>& rows, const ToJson& to_json) {
  Json array = Json::array();
  for (const Row& row : rows) array.push_back(to_json(row));
  return array;
}

template <typename Row>
Json to_array(const std::vector<Row>& rows) {
  return to_array(rows, [](const Row& row) { return report::to_json(row); });
}

}  // namespace

nlohmann::ordered_json to_json(const FloatNodeRow& node) {
  return {{"name", node.name}, {"op_type", node.op_type}, {"reason", node.reason}};
}

nlohmann::ordered_json to_json(const OutputRow& output) {
  return {{"name", output.name},
          {"sqnr_db", number(output.sqnr_db)},
          {"cosine", number(output.cosine)},
          {"max_abs_error", number(output.max_abs_error)},
          {"nonfinite_count", output.nonfinite_count},
          {"sample_count", output.sample_count},
          {"shape_mismatch_count", output.shape_mismatch_count},
          {"equal_share", number(output.equal_share)},
          {"reason", output.reason.empty() ? Json(nullptr) : Json(output.reason)}};
}

nlohmann::ordered_json to_json(const LeftOutRow& sample) {
  return {{"name", sample.name}, {"reason", sample.reason}};
}

nlohmann::ordered_json to_json(const BiasCorrectionRow& row) {
  return {{"node", row.node},
          {"channels", row.channel_count},
          {"corrected_channels", row.corrected_count},
          {"share", row.share},
          {"reason", row.reason.empty() ? Json(nullptr) : Json(row.reason)}};
}

nlohmann::ordered_json to_json(const LookupTableRow& row) {
  return {{"name", row.name},
          {"rows", row.row_count},
          {"columns", row.column_count},
          {"sqnr_db", number(row.sqnr_db)},
          {"row_sqnr_db", number(row.row_sqnr_db)},
          {"reason", row.reason.empty() ? Json(nullptr) : Json(row.reason)}};
}

nlohmann::ordered_json to_json(const LstmRow& row) {
  return {{"name", row.name},
          {"sqnr_db", number(row.sqnr_db)},
          {"reason", row.reason.empty() ? Json(nullptr) : Json(row.reason)}};
}

Json to_json(const Summary& summary) {
  return {{"model", summary.model},
          {"output", summary.output},
          {"method", summary.method},
          {"effort", summary.effort},
          {"target", summary.target},
          {"version", summary.version},
          {"samples", summary.sample_count},
          {"held_out_samples", summary.held_out_count},
          {"seconds", seconds_json(summary.seconds)},
          {"peak_memory_bytes", summary.peak_memory_bytes},
          {"float_bytes", summary.float_bytes},
          {"quantized_bytes", summary.quantized_bytes},
          {"integer_nodes", summary.integer_nodes},
          {"eligible_nodes", summary.eligible_nodes},
          {"float_nodes", to_array(summary.float_nodes)},
          {"raised_channels", summary.raised_channel_count},
          {"bias_corrections", to_array(summary.bias_corrections)},
          {"lookup_tables", to_array(summary.lookup_tables)},
          {"lstms", to_array(summary.lstms)},
          {"outputs", to_array(summary.outputs)},
          {"left_out_samples", to_array(summary.left_out)},
          {"tensors", to_array(summary.tensors, tensor_json)},
          {"notes", summary.notes}};
}

}  // namespace rangefinder::report

namespace rangefinder {

std::string Summary::table() const { return report::to_table(*this); }
std::string Summary::json() const { return report::json_text(report::to_json(*this)); }

}  // namespace rangefinder
