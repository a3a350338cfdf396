#include "report/page_examples.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <utility>

namespace rangefinder::report {
namespace {

using Json = nlohmann::ordered_json;

std::vector<float> example_values(size_t tensor, size_t count) {
  std::mt19937 random(static_cast<unsigned>(tensor));
  // Not std::normal_distribution, whose values every library makes another way.
  const auto uniform = [&] { return (static_cast<double>(random()) + 1) / 4294967297.0; };
  std::vector<float> values(count);
  for (float& value : values) {
    const double normal = std::sqrt(-2 * std::log(uniform())) * std::cos(6.283185 * uniform());
    value = static_cast<float>(normal * (1 + static_cast<double>(tensor % 7)));
    if (tensor % 3 == 0) value = std::max(0.0f, value);
  }
  if (tensor % 5 == 2) values[0] = 900;
  return values;
}

std::vector<ValuePair> example_pairs() {
  std::vector<ValuePair> pairs;
  const auto values = example_values(1, 200);
  for (size_t i = 0; i < values.size(); ++i) {
    pairs.push_back({values[i], values[i] + 0.01f * static_cast<float>(i % 9) - 0.04f});
  }
  return pairs;
}

void tell_times(size_t i, NodeRow& node) {
  if (i == 4) {
    node.timed_with = "backbone/stage/conv_3/Conv";
    return;
  }
  node.float_us = 40 + static_cast<double>(7 * i % 90);
  node.int8_us = *node.float_us * (i == 2 ? 1.5 : i == 3 ? 1.02 : 0.375);
}

void tell_other_times(Summary& summary) {
  summary.node_times = NodeTimes{.runs = 11};
  summary.node_times->others = {{"QuantizeLinear", "codes", 0, 1, 0, 21.5},
                                {"DequantizeLinear", "codes", 0, 2, 0, 14.25},
                                {"ReorderOutput", "layout", 3, 0, 33.5, 0},
                                {"Softmax", "node", 1, 1, 4.5, 4.75}};
  NodeTimes& times = *summary.node_times;
  for (const auto& row : times.others) {
    times.float_us += row.float_us;
    times.int8_us += row.int8_us;
  }
  for (const auto& node : summary.nodes) {
    times.float_us += node.float_us.value_or(0);
    times.int8_us += node.int8_us.value_or(0);
  }
}

TensorRow example_row(const std::string& name, size_t i) {
  const auto values = example_values(i, 4000);
  const auto [low, high] = std::ranges::minmax(values);
  TensorRow row{.name = name, .root = name, .method = "mse"};
  row.range_min = std::min(0.0f, low);
  row.range_max = high;
  row.scale = static_cast<float>((row.range_max - row.range_min) / 255);
  row.offset = static_cast<int32_t>(std::lround(-row.range_min / row.scale));
  row.count = values.size();
  row.clipped_share = 0.0004 * static_cast<double>(i % 5);
  row.sqnr_db = i % 5 == 2 ? 14.5 : 33 + static_cast<double>(i % 11);
  row.held_out_clipped_share = 0.0005 * static_cast<double>(i % 5);
  row.held_out_sqnr_db = *row.sqnr_db - (i % 4 == 0 ? 4 : 0.2);
  return row;
}

}  // namespace

std::vector<std::string> example_names(size_t count) {
  std::vector<std::string> names = {"input"};
  for (size_t i = 1; i < count; ++i) {
    names.push_back("backbone/stage/conv_" + std::to_string(i));
  }
  return names;
}

std::vector<std::string> hostile_names() {
  return {"<script>window.stolen=1</script>",
          "\"><img src=x onerror=\"window.stolen=1\">",
          "</script><script>window.stolen=1</script>",
          "<!--<script>",
          "{{data}}{{script}}",
          "' onmouseover='window.stolen=1",
          "\xff\xfe no UTF-8",
          "line\nbreak\u2028\u202e",
          "&lt;&amp;"};
}

Summary example_summary(const std::vector<std::string>& tensors) {
  Summary summary;
  summary.model = "mobile_net.onnx";
  summary.output = "mobile_net.int8.onnx";
  summary.method = "mse";
  summary.effort = "normal";
  summary.target = "ort-cpu";
  summary.version = "0.0.0";
  summary.sample_count = 90;
  summary.held_out_count = 10;
  summary.seconds = {.prepare = 0.2, .observe = 3.4, .solve = 0.3, .verify = 1.1};
  summary.peak_memory_bytes = 400 << 20;
  summary.float_bytes = 14 << 20;
  summary.quantized_bytes = 4 << 20;
  for (size_t i = 0; i < tensors.size(); ++i) {
    summary.tensors.push_back(example_row(tensors[i], i));
    if (i == 0) continue;
    NodeRow node{.name = tensors[i] + "/Conv", .op_type = "Conv", .kernel = "integer"};
    node.inputs = {tensors[i - 1]};
    node.outputs = {tensors[i]};
    if (i == 3) {
      node.kernel = "float";
      node.reason = "is left float for accuracy";
      summary.float_nodes.push_back({node.name, "Conv", node.reason});
      summary.decisions.push_back({node.name, "Conv", "accuracy", 11.2});
    }
    tell_times(i, node);
    summary.nodes.push_back(std::move(node));
  }
  tell_other_times(summary);
  summary.integer_nodes = tensors.size() - 2;
  summary.eligible_nodes = tensors.size() - 1;
  summary.outputs.push_back({.name = "scores",
                             .sqnr_db = 31.25,
                             .cosine = 0.9996,
                             .max_abs_error = 0.21,
                             .sample_count = 10,
                             .sqnr_bound_db = 29.5,
                             .same_top_share = 0.98,
                             .values = example_pairs()});
  summary.outputs.push_back(
      {.name = "boxes", .sqnr_db = INFINITY, .cosine = 1, .sample_count = 10});
  summary.latency = LatencyRow{.float_us = 8100, .int8_us = 2900, .runs = 21};
  summary.error_sources = {{"backbone/stage/conv_2/Conv", "Conv", 38.5, 14.5}};
  summary.data_checks = {{"few_held_out", "the result is judged on 3 samples; 8 tell more", false},
                         {"no_pattern", "all samples hold one value", true}};
  summary.bias_corrections = {{.node = "conv", .channel_count = 32, .corrected_count = 30}};
  summary.smoothings = {{"norm", "t", {"fc"}, true, 0.5, 2.5, false, "", true, {"t"}}};
  summary.verdict = {.level = VerdictLevel::kFair,
                     .reasons = {"'scores' has 31.2 dB of signal over noise; 35 and more are good"},
                     .hints = {"rangefinder quantize mobile_net.onnx --data pictures -o "
                               "mobile_net.int8.onnx --effort thorough"}};
  summary.notes = {"quantized nodes are of com.microsoft"};
  return summary;
}

statistics::StatisticsFile example_statistics(const std::vector<std::string>& tensors,
                                              size_t values) {
  statistics::StatisticsFile file{.model_fingerprint = 1, .plan_fingerprint = 2};
  for (size_t i = 0; i < tensors.size(); ++i) {
    statistics::ObservedTensor tensor{.name = tensors[i]};
    tensor.channels.resize(1);
    tensor.channels.front().add(example_values(i, values));
    if (i % 4 == 1) {
      tensor.spread.emplace();
      tensor.spread->add(example_values(i, 600 * 4), 600);
    }
    file.tensors.push_back(std::move(tensor));
  }
  return file;
}

PageRun example_run(const std::vector<std::string>& tensors,
                    const statistics::StatisticsFile* statistics) {
  return {.name = "summary.json",
          .kind = PageKind::kSummary,
          .document = to_json(example_summary(tensors)),
          .statistics = statistics};
}

Json example_ranges() {
  Json json = Json::object();
  json["layers"]["encoder.fc1"] = {
      {"input_range", {2.5, 3.25, 1.0}}, {"slices", {512, 512, 128}}, {"module", "encoder.fc1"}};
  json["layers"]["lstm.weight_ih"] = {{"input_range", std::vector<double>(12, 1.5)},
                                      {"slices", std::vector<int>(12, 64)},
                                      {"module", "lstm"}};
  json["digital_nodes"] = {{{"name", "gather"}, {"op_type", "MatMul"}, {"reason", "no constant"}}};
  return json;
}

Json example_analog_comparison() {
  const Json outputs = to_json(example_summary(example_names(4)))["outputs"];
  Json json = {{"outputs", outputs}};
  json["layers"] = {{{"name", "fc1"},
                     {"sqnr_db", 28.5},
                     {"input_range", {2.5, 3.25}},
                     {"clipped_share", {0.001, 0.0}},
                     {"shape_mismatch_count", 0}}};
  json["types"]["max"] = {{"outputs", outputs}};
  json["samples"] = 16;
  json["noise"] = {{"relative_error", {0.01, 0.02}},
                   {"mean", 0.015},
                   {"spread", 0.007},
                   {"without_noise", 0.001}};
  return json;
}

Json example_comparison() {
  Json json = to_json(example_summary(example_names(4)));
  for (const char* key : {"schema_version", "tensors", "verdict", "latency"}) json.erase(key);
  for (auto& node : json["nodes"]) node["inputs"] = node["outputs"] = Json::array();
  json["latency"] = {{"float_seconds", 0.008}, {"quantized_seconds", 0.003}, {"ratio", 0.375}};
  return json;
}

}  // namespace rangefinder::report
