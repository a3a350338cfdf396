#include "report/summary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "support/json_keys.h"

namespace rangefinder::report {
namespace {

using Json = nlohmann::ordered_json;
using support::keys;
using testing::ElementsAre;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

void tell_choice(Summary& summary) {
  summary.choice = {.aim_db = 20,
                    .integer_db = 8.5,
                    .reached_db = 21.25,
                    .part_count = 7,
                    .float_count = 1,
                    .try_count = 4,
                    .sample_count = 40,
                    .timed = {{"quantized", 1, 0.5}}};
  summary.decisions = {{"fc", "Gemm", "accuracy", 12.5}};
}

Summary start() {
  Summary summary;
  summary.outputs = {{"y", 30.5, 0.99, 0.125, 3, 9, 1}};
  summary.outputs[0].values = {{0.1f, 0.125f}};
  summary.nodes = {{"conv", "Conv", "integer", "", {"x"}, {"y"}, 12.5, 3.5, ""},
                   {.name = "relu", .op_type = "Relu", .kernel = "other", .timed_with = "conv"}};
  summary.node_times = NodeTimes{.float_us = 20,
                                 .int8_us = 10,
                                 .runs = 7,
                                 .others = {{"QuantizeLinear", "codes", 0, 2, 0, 4.5}}};
  return summary;
}

Summary summary() {
  Summary summary = start();
  summary.model = "model.onnx";
  summary.output = "int8.onnx";
  summary.method = "kl";
  summary.target = "ort-cpu";
  summary.version = "1.2.3";
  summary.sample_count = 90;
  summary.held_out_count = 10;
  summary.seconds = {
      .prepare = 1, .observe = 2, .solve = 3, .choose = 6, .export_ = 4, .verify = 5};
  summary.peak_memory_bytes = uint64_t{1} << 40;
  summary.float_bytes = 4000;
  summary.quantized_bytes = 1000;
  summary.tensors = {{.name = "r0",
                      .root = "c0",
                      .method = "minmax",
                      .range_min = -0.5,
                      .range_max = 25,
                      .scale = 0.1f,
                      .offset = 5,
                      .count = uint64_t{1} << 60,
                      .nan_count = 2,
                      .inf_count = 3,
                      .clipped_share = 0.25,
                      .sqnr_db = 40.5,
                      .held_out_clipped_share = 0.5,
                      .held_out_sqnr_db = 20.5}};
  summary.integer_nodes = 6;
  summary.eligible_nodes = 7;
  summary.float_nodes = {{"fc", "Gemm", "is too small"}};
  summary.left_out = {{"10.npy", "is cut short"}};
  summary.raised_channel_count = 8;
  summary.effort = "normal";
  summary.bias_corrections = {{"conv", 16, 15, 0.875, ""}, {"fc", 10, 0, 0, "has no bias"}};
  tell_choice(summary);
  summary.smoothings = {{"norm", "x", {"q", "k"}, true, 0.5, 3.25, true, "", true, {"x", "y"}},
                        {"last", "z", {"head"}, false, 0, 0, false, "gains too little", false}};
  summary.lookup_tables = {{"words", 1000, 64, 39.5, kInfinity, ""},
                           {.name = "more", .row_count = 9, .column_count = 8, .reason = "is shy"}};
  summary.outputs[0].sqnr_bound_db = 29.5;
  summary.outputs[0].score_sqnr_db = 28.5;
  summary.outputs[0].score_bound_db = 27.5;
  summary.outputs[0].joined_count = 23;
  summary.outputs[0].same_top_share = 0.75;
  summary.outputs[0].top_loss = 0.125;
  summary.outputs[0].top_loss_bound = 0.25;
  summary.outputs[0].text_loss = 0.1875;
  summary.outputs[0].judged_at = {{"scores", 31.5, 30.25, {}, {}}};
  summary.outputs[0].selected_by = "nms";
  summary.outputs[0].hidden_node_count = 4;
  summary.looked_at_count = 8;
  summary.latency = LatencyRow{.float_us = 2000, .int8_us = 500, .runs = 11};
  summary.error_sources = {{"conv", "Conv", kInfinity, 12.5}};
  summary.data_checks = {{"few_samples", "3 samples are few"}};
  summary.verdict = {VerdictLevel::kFair, {"a reason"}, {"a hint"}};
  summary.lstms = {{"rnn", 38.5, ""}};
  summary.notes = {"a note"};
  return summary;
}

TEST(SummaryJson, HasTheKeysThatOtherToolsRelyOn) {
  const Json json = to_json(summary());
  EXPECT_THAT(
      keys(json),
      ElementsAre("schema_version", "model", "output", "method", "effort", "target", "version",
                  "samples", "held_out_samples", "seconds", "peak_memory_bytes", "float_bytes",
                  "quantized_bytes", "integer_nodes", "eligible_nodes", "reference", "float_nodes",
                  "nodes", "raised_channels", "bias_corrections", "smoothings", "lookup_tables",
                  "lstms", "outputs", "output_values", "left_out_samples", "choice", "decisions",
                  "tensors", "looked_at_samples", "latency", "node_times", "error_sources",
                  "data_checks", "verdict", "notes"));
  EXPECT_THAT(keys(json["verdict"]), ElementsAre("level", "reasons", "hints"));
  EXPECT_THAT(keys(json["seconds"]),
              ElementsAre("prepare", "observe", "solve", "choose", "export", "verify"));
  EXPECT_THAT(keys(json["float_nodes"][0]), ElementsAre("name", "op_type", "reason"));
  EXPECT_THAT(keys(json["nodes"][0]), ElementsAre("name", "op_type", "kernel", "reason", "inputs",
                                                  "outputs", "float_us", "int8_us", "timed_with"));
  EXPECT_THAT(keys(json["node_times"]),
              ElementsAre("float_us", "int8_us", "runs", "threads", "others"));
  EXPECT_EQ(json["output_values"].dump(), R"([{"name":"y","float":[0.1],"int8":[0.125]}])");
  EXPECT_THAT(
      keys(json["outputs"][0]),
      ElementsAre("name", "sqnr_db", "cosine", "max_abs_error", "nonfinite_count", "sample_count",
                  "shape_mismatch_count", "equal_share", "sqnr_bound_db", "score_sqnr_db",
                  "score_bound_db", "same_top_share", "top_loss", "top_loss_bound", "text_loss",
                  "joined_samples", "judged_at", "selected_by", "hidden_nodes", "reason"));
  EXPECT_THAT(keys(json["tensors"][0]),
              ElementsAre("name", "root", "method", "range", "scale", "offset", "count",
                          "nan_count", "inf_count", "clipped_share", "sqnr_db",
                          "held_out_clipped_share", "held_out_sqnr_db"));
}

TEST(SummaryJson, HoldsEveryField) {
  const Json json = to_json(summary());
  EXPECT_EQ(json["model"], "model.onnx");
  EXPECT_EQ(json["output"], "int8.onnx");
  EXPECT_EQ(json["method"], "kl");
  EXPECT_EQ(json["target"], "ort-cpu");
  EXPECT_EQ(json["version"], "1.2.3");
  EXPECT_EQ(json["samples"], 90);
  EXPECT_EQ(json["held_out_samples"], 10);
  EXPECT_EQ(json["seconds"].dump(),
            R"({"prepare":1.0,"observe":2.0,"solve":3.0,"choose":6.0,"export":4.0,"verify":5.0})");
  EXPECT_EQ(json["peak_memory_bytes"], uint64_t{1} << 40);
  EXPECT_EQ(json["float_bytes"], 4000);
  EXPECT_EQ(json["quantized_bytes"], 1000);
  EXPECT_EQ(json["integer_nodes"], 6);
  EXPECT_EQ(json["eligible_nodes"], 7);
  EXPECT_EQ(json["raised_channels"], 8);
  EXPECT_EQ(json["effort"], "normal");
  EXPECT_EQ(json["bias_corrections"].dump(),
            R"([{"node":"conv","channels":16,"corrected_channels":15,"share":0.875,"reason":null},)"
            R"({"node":"fc","channels":10,"corrected_channels":0,"share":0.0,)"
            R"("reason":"has no bias"}])");
  EXPECT_EQ(json["smoothings"].dump(),
            R"([{"kind":"norm","norm":"norm","tensor":"x","tensors":["x","y"],"nodes":["q","k"],)"
            R"("smoothed":true,"alpha":0.5,"gain_db":3.25,"adds_node":true,"reason":null},)"
            R"({"kind":"convolutions","norm":"last","tensor":"z","tensors":[],"nodes":["head"],)"
            R"("smoothed":false,"alpha":null,"gain_db":null,"adds_node":false,)"
            R"("reason":"gains too little"}])");
  EXPECT_EQ(json["lookup_tables"].dump(),
            R"([{"name":"words","rows":1000,"columns":64,"sqnr_db":39.5,"row_sqnr_db":null,)"
            R"("reason":null},{"name":"more","rows":9,"columns":8,"sqnr_db":null,)"
            R"("row_sqnr_db":null,"reason":"is shy"}])");
  EXPECT_EQ(json["lstms"].dump(), R"([{"name":"rnn","sqnr_db":38.5,"reason":null}])");
  EXPECT_EQ(json["float_nodes"].dump(),
            R"([{"name":"fc","op_type":"Gemm","reason":"is too small"}])");
  EXPECT_EQ(json["outputs"].dump(),
            R"([{"name":"y","sqnr_db":30.5,"cosine":0.99,"max_abs_error":0.125,)"
            R"("nonfinite_count":3,"sample_count":9,"shape_mismatch_count":1,)"
            R"("equal_share":null,"sqnr_bound_db":29.5,"score_sqnr_db":28.5,)"
            R"("score_bound_db":27.5,"same_top_share":0.75,"top_loss":0.125,)"
            R"("top_loss_bound":0.25,"text_loss":0.1875,"joined_samples":23,)"
            R"("judged_at":[{"name":"scores","sqnr_db":31.5,"sqnr_bound_db":30.25,)"
            R"("score_sqnr_db":null,"score_bound_db":null}],)"
            R"("selected_by":"nms","hidden_nodes":4,"reason":null}])");
  EXPECT_EQ(json["schema_version"], 1);
  EXPECT_EQ(json["looked_at_samples"], 8);
  EXPECT_EQ(json["latency"].dump(),
            R"({"float_us":2000.0,"int8_us":500.0,"ratio":0.25,"runs":11,"threads":1})");
  EXPECT_EQ(json["error_sources"].dump(),
            R"([{"node":"conv","op_type":"Conv","before_db":null,"after_db":12.5}])");
  EXPECT_EQ(json["data_checks"].dump(),
            R"([{"name":"few_samples","message":"3 samples are few","is_grave":false}])");
  EXPECT_EQ(json["verdict"].dump(),
            R"({"level":"fair","reasons":["a reason"],"hints":["a hint"]})");
  EXPECT_EQ(json["left_out_samples"].dump(), R"([{"name":"10.npy","reason":"is cut short"}])");
  EXPECT_EQ(json["notes"], Json({"a note"}));
}

TEST(SummaryJson, TellsWhatWasChosen) {
  Json json = to_json(summary());
  EXPECT_EQ(json["choice"].dump(),
            R"({"aim_db":20.0,"integer_db":8.5,"reached_db":21.25,"float_metric":null,)"
            R"("integer_metric":null,"reached_metric":null,"is_reached":true,"parts":7,)"
            R"("float_parts":1,"tries":4,"samples":40,"written":"quantized",)"
            R"("timed":[{"model":"quantized","float_parts":1,"seconds":0.5}]})");
  EXPECT_EQ(json["decisions"].dump(),
            R"([{"node":"fc","op_type":"Gemm","reason":"accuracy","sqnr_db":12.5}])");
  Summary none = summary();
  none.choice.reset();
  EXPECT_TRUE(to_json(none)["choice"].is_null());
}

TEST(SummaryJson, HoldsEveryFieldOfATensor) {
  const Json json = to_json(summary())["tensors"][0];
  EXPECT_EQ(json["name"], "r0");
  EXPECT_EQ(json["root"], "c0");
  EXPECT_EQ(json["method"], "minmax");
  EXPECT_EQ(json["range"], Json({-0.5, 25.0}));
  EXPECT_EQ(json["offset"], 5);
  EXPECT_EQ(json["count"], uint64_t{1} << 60) << "64 bits, to the last one";
  EXPECT_EQ(json["nan_count"], 2);
  EXPECT_EQ(json["inf_count"], 3);
  EXPECT_EQ(json["clipped_share"], 0.25);
  EXPECT_EQ(json["sqnr_db"], 40.5);
  EXPECT_EQ(json["held_out_clipped_share"], 0.5);
  EXPECT_EQ(json["held_out_sqnr_db"], 20.5);
}

TEST(SummaryJson, ScalesSurviveWritingAndReading) {
  Summary given = summary();
  for (const float scale : {0.1f, 1.0f / 3, 1.17549435e-38f, 1e-45f, 3.4e38f}) {
    given.tensors[0].scale = scale;
    const Json read = Json::parse(to_json(given).dump());
    EXPECT_EQ(read["tensors"][0]["scale"].get<float>(), scale);
  }
}

TEST(SummaryJson, WhatIsNoNumberIsNull) {
  Summary given = summary();
  given.outputs = {{"exact", kInfinity, 1, 0}, {"bad", std::nan(""), std::nan(""), kInfinity}};
  given.tensors[0].sqnr_db = kInfinity;
  given.tensors[0].range_max = kInfinity;
  given.tensors[0].figures = {{"kept_share", std::nan("")}};
  const Json json = Json::parse(to_json(given).dump());
  EXPECT_TRUE(json["outputs"][0]["sqnr_db"].is_null());
  EXPECT_EQ(json["outputs"][0]["cosine"], 1);
  for (const char* key : {"sqnr_db", "cosine", "max_abs_error"}) {
    EXPECT_TRUE(json["outputs"][1][key].is_null()) << key;
  }
  EXPECT_TRUE(json["tensors"][0]["sqnr_db"].is_null());
  EXPECT_TRUE(json["tensors"][0]["range"][1].is_null());
  EXPECT_TRUE(json["tensors"][0]["kept_share"].is_null());
  given.tensors[0].sqnr_db = {};
  EXPECT_TRUE(to_json(given)["tensors"][0]["sqnr_db"].is_null()) << "a tensor of zeros";
}

TEST(SummaryJson, AnOutputSaysWhyItHasNoFigures) {
  OutputRow row{.name = "keep", .sqnr_db = std::nan("")};
  row.shape_mismatch_count = 6;
  row.equal_share = 0.5;
  row.reason = "another shape on all 6 samples";
  const Json json = to_json(row);
  EXPECT_TRUE(json["sqnr_db"].is_null());
  EXPECT_EQ(json["shape_mismatch_count"], 6);
  EXPECT_EQ(json["equal_share"], 0.5);
  EXPECT_EQ(json["reason"], row.reason);
}

TEST(SummaryJson, FiguresOfAMethodStandBesideTheOtherKeys) {
  Summary given = summary();
  given.tensors[0].figures = {{"kept_share", 0.75}, {"row_count", 12}};
  const Json json = to_json(given)["tensors"][0];
  EXPECT_EQ(json["kept_share"], 0.75);
  EXPECT_EQ(json["row_count"], 12);
  EXPECT_EQ(json.size(), 15u);
}

TEST(SummaryJson, NothingIsAnEmptyList) {
  const Json json = to_json(Summary());
  for (const char* key :
       {"float_nodes", "outputs", "tensors", "error_sources", "data_checks", "notes"}) {
    EXPECT_EQ(json[key].dump(), "[]") << key;
  }
  EXPECT_TRUE(json["latency"].is_null());
  EXPECT_EQ(json["verdict"].dump(), R"({"level":null,"reasons":[],"hints":[]})");
}

}  // namespace
}  // namespace rangefinder::report
