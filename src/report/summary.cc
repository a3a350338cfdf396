#include "report/summary.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "report/html.h"
#include "report/json_text.h"

namespace rangefinder::report {
namespace {

using Json = nlohmann::ordered_json;

/// Of the keys: raised if one of them ever changes its meaning.
constexpr int kSchemaVersion = 1;

Json number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

Json number(const std::optional<double>& value) { return value ? number(*value) : Json(nullptr); }

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
               {"sqnr_db", number(tensor.sqnr_db)},
               {"held_out_clipped_share", number(tensor.held_out_clipped_share)},
               {"held_out_sqnr_db", number(tensor.held_out_sqnr_db)}};
  for (const auto& [name, value] : tensor.figures) json[name] = number(value);
  return json;
}

Json judged_json(const JudgedTensorRow& tensor) {
  return {{"name", tensor.name},
          {"sqnr_db", number(tensor.sqnr_db)},
          {"sqnr_bound_db", number(tensor.sqnr_bound_db)},
          {"score_sqnr_db", number(tensor.score_sqnr_db)},
          {"score_bound_db", number(tensor.score_bound_db)}};
}

Json other_time_json(const OtherTimeRow& row) {
  return {{"op_type", row.op_type},           {"kind", row.kind},
          {"float_kernels", row.float_count}, {"int8_kernels", row.int8_count},
          {"float_us", row.float_us},         {"int8_us", row.int8_us}};
}

Json latency_json(const std::optional<LatencyRow>& latency) {
  if (!latency) return nullptr;
  return {{"float_us", latency->float_us},
          {"int8_us", latency->int8_us},
          {"ratio", latency->ratio()},
          {"runs", latency->runs},
          {"threads", latency->threads}};
}

Json check_json(const DataCheckRow& check) {
  return {{"name", check.name}, {"message", check.message}, {"is_grave", check.is_grave}};
}

Json source_json(const ErrorSourceRow& row) {
  return {{"node", row.node},
          {"op_type", row.op_type},
          {"before_db", number(row.before_db)},
          {"after_db", number(row.after_db)}};
}

Json verdict_json(const Verdict& verdict) {
  return {{"level", verdict.level ? Json(name_of(*verdict.level)) : Json(nullptr)},
          {"reasons", verdict.reasons},
          {"hints", verdict.hints}};
}

Json seconds_json(const Seconds& seconds) {
  return {{"prepare", seconds.prepare}, {"observe", seconds.observe}, {"solve", seconds.solve},
          {"choose", seconds.choose},   {"export", seconds.export_},  {"verify", seconds.verify}};
}

}  // namespace

nlohmann::ordered_json to_json(const FloatNodeRow& node) {
  return {{"name", node.name}, {"op_type", node.op_type}, {"reason", node.reason}};
}

nlohmann::ordered_json to_json(const NodeRow& node) {
  const auto text_or_null = [](const std::string& text) {
    return text.empty() ? Json(nullptr) : Json(text);
  };
  return {{"name", node.name},
          {"op_type", node.op_type},
          {"kernel", node.kernel},
          {"reason", text_or_null(node.reason)},
          {"inputs", node.inputs},
          {"outputs", node.outputs},
          {"float_us", number(node.float_us)},
          {"int8_us", number(node.int8_us)},
          {"timed_with", text_or_null(node.timed_with)}};
}

nlohmann::ordered_json to_json(const std::optional<NodeTimes>& times) {
  if (!times) return nullptr;
  return {{"float_us", times->float_us},
          {"int8_us", times->int8_us},
          {"runs", times->runs},
          {"threads", times->threads},
          {"others", to_array(times->others, other_time_json)}};
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
          {"sqnr_bound_db", number(output.sqnr_bound_db)},
          {"score_sqnr_db", number(output.score_sqnr_db)},
          {"score_bound_db", number(output.score_bound_db)},
          {"same_top_share", number(output.same_top_share)},
          {"top_loss", number(output.top_loss)},
          {"top_loss_bound", number(output.top_loss_bound)},
          {"text_loss", number(output.text_loss)},
          {"joined_samples", output.joined_count},
          {"judged_at", to_array(output.judged_at, judged_json)},
          {"selected_by", output.selected_by.empty() ? Json(nullptr) : Json(output.selected_by)},
          {"hidden_nodes", output.hidden_node_count},
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

nlohmann::ordered_json to_json(const DecisionRow& row) {
  return {{"node", row.node},
          {"op_type", row.op_type},
          {"reason", row.reason},
          {"sqnr_db", number(row.sqnr_db)}};
}

nlohmann::ordered_json to_json(const ChoiceRow& row) {
  const auto timed_json = [](const TimedRow& timed) -> Json {
    return {{"model", timed.model}, {"float_parts", timed.float_count}, {"seconds", timed.seconds}};
  };
  return {{"aim_db", number(row.aim_db)},
          {"integer_db", number(row.integer_db)},
          {"reached_db", number(row.reached_db)},
          {"float_metric", number(row.float_metric)},
          {"integer_metric", number(row.integer_metric)},
          {"reached_metric", number(row.reached_metric)},
          {"is_reached", row.is_reached},
          {"parts", row.part_count},
          {"float_parts", row.float_count},
          {"tries", row.try_count},
          {"samples", row.sample_count},
          {"written", row.written},
          {"timed", to_array(row.timed, timed_json)}};
}

nlohmann::ordered_json to_json(const SmoothingRow& row) {
  return {{"kind", row.is_norm ? "norm" : "convolutions"},
          {"norm", row.norm},
          {"tensor", row.tensor},
          {"tensors", row.tensors},
          {"nodes", row.nodes},
          {"smoothed", row.is_smoothed},
          {"alpha", row.is_smoothed ? Json(row.alpha) : Json(nullptr)},
          {"gain_db", row.is_smoothed ? number(row.gain_db) : Json(nullptr)},
          {"adds_node", row.adds_node},
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

Json output_values_json(const std::vector<OutputRow>& outputs) {
  Json rows = Json::array();
  for (const OutputRow& output : outputs) {
    if (output.values.empty()) continue;
    Json real = Json::array();
    Json restored = Json::array();
    for (const ValuePair& pair : output.values) {
      real.push_back(short_number(pair.real));
      restored.push_back(short_number(pair.restored));
    }
    rows.push_back({{"name", output.name}, {"float", real}, {"int8", restored}});
  }
  return rows;
}

Json to_json(const Summary& summary) {
  return {{"schema_version", kSchemaVersion},
          {"model", summary.model},
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
          {"reference", summary.reference.empty() ? Json(nullptr) : Json(summary.reference)},
          {"float_nodes", to_array(summary.float_nodes)},
          {"nodes", to_array(summary.nodes)},
          {"raised_channels", summary.raised_channel_count},
          {"bias_corrections", to_array(summary.bias_corrections)},
          {"smoothings", to_array(summary.smoothings)},
          {"lookup_tables", to_array(summary.lookup_tables)},
          {"lstms", to_array(summary.lstms)},
          {"outputs", to_array(summary.outputs)},
          {"output_values", output_values_json(summary.outputs)},
          {"left_out_samples", to_array(summary.left_out)},
          {"choice", summary.choice ? to_json(*summary.choice) : Json(nullptr)},
          {"decisions", to_array(summary.decisions)},
          {"tensors", to_array(summary.tensors, tensor_json)},
          {"looked_at_samples", summary.looked_at_count},
          {"latency", latency_json(summary.latency)},
          {"node_times", to_json(summary.node_times)},
          {"error_sources", to_array(summary.error_sources, source_json)},
          {"data_checks", to_array(summary.data_checks, check_json)},
          {"verdict", verdict_json(summary.verdict)},
          {"notes", summary.notes}};
}

}  // namespace rangefinder::report

namespace rangefinder {

std::string Summary::table() const { return report::to_table(*this); }
std::string Summary::json() const { return report::json_text(report::to_json(*this)); }

}  // namespace rangefinder
