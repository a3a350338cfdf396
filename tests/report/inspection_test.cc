#include "report/inspection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "support/json_keys.h"

namespace rangefinder::report {
namespace {

using support::keys;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

StatisticsInspection statistics() {
  StatisticsInspection inspection{.file = "all.rfs",
                                  .model_fingerprint = "00000000deadbeef",
                                  .sample_count = 12,
                                  .tensors = {}};
  inspection.tensors.push_back({.name = "relu_3",
                                .channel_count = 1,
                                .count = uint64_t{1} << 40,
                                .min = -0.25,
                                .max = 6,
                                .zero_share = 0.5,
                                .nan_count = 2,
                                .inf_count = 1});
  return inspection;
}

ModelInspection model() {
  ModelInspection inspection;
  inspection.file = "model.onnx";
  inspection.bytes = 4096;
  inspection.opset = 13;
  inspection.target = "ort-cpu";
  inspection.eligible_nodes = 7;
  inspection.integer_nodes = 6;
  inspection.nodes = {{"conv1", "Conv"}};
  inspection.observed = {"x", "relu"};
  inspection.float_nodes = {{"fc", "Gemm", "has a transposed input"}};
  return inspection;
}

TEST(StatisticsInspectionJson, HoldsEveryField) {
  const nlohmann::ordered_json json = to_json(statistics());
  EXPECT_THAT(keys(json), ElementsAre("file", "model_fingerprint", "samples", "tensors"));
  EXPECT_EQ(json["file"], "all.rfs");
  EXPECT_EQ(json["model_fingerprint"], "00000000deadbeef");
  EXPECT_EQ(json["samples"], 12);
  EXPECT_EQ(json["tensors"].dump(),
            R"([{"name":"relu_3","channels":1,"count":1099511627776,"min":-0.25,"max":6.0,)"
            R"("zero_share":0.5,"nan_count":2,"inf_count":1}])");
}

TEST(StatisticsInspectionJson, NoTensorsAreAnEmptyList) {
  StatisticsInspection none = statistics();
  none.tensors.clear();
  EXPECT_EQ(to_json(none)["tensors"].dump(), "[]");
}

TEST(StatisticsInspectionTable, HasARowPerTensor) {
  const std::string table = to_table(statistics());
  EXPECT_THAT(table, StartsWith("all.rfs: 12 samples, 1 tensors, model 00000000deadbeef\ntensor "));
  EXPECT_THAT(table, HasSubstr("\nrelu_3 "));
  EXPECT_THAT(table, EndsWith(" 1099511627776        -0.25            6   50.0%      2      1\n"));
}

TEST(ModelInspectionJson, HoldsEveryField) {
  EXPECT_EQ(
      to_json(model()).dump(),
      R"({"file":"model.onnx","bytes":4096,"opset":13,"target":"ort-cpu",)"
      R"("is_as_written":false,"integer_nodes":6,"eligible_nodes":7,"observed_tensors":2,"nodes":[{"name":"conv1","op_type":"Conv"}],)"
      R"("observed":["x","relu"],)"
      R"("float_nodes":[{"name":"fc","op_type":"Gemm","reason":"has a transposed input"}]})");
  EXPECT_EQ(to_json(ModelInspection())["float_nodes"].dump(), "[]");
}

TEST(ModelInspectionTable, TellsWhatComputesInIntegersAndWhatDoesNot) {
  ModelInspection inspection = model();
  EXPECT_EQ(to_table(inspection),
            "model.onnx: 4096 bytes, operator set 13\n"
            "6 of 7 Conv, Gemm and MatMul nodes compute in integers on ort-cpu\n"
            "2 tensors would be observed\n"
            "integer: Conv 'conv1'\n"
            "float: Gemm 'fc': has a transposed input\n"
            "observed: x\n"
            "observed: relu\n");
  inspection.observed.clear();
  EXPECT_THAT(to_table(inspection), Not(HasSubstr("observed"))) << "of a quantized model";
  inspection.is_as_written = true;
  inspection.target = "tensorrt";
  EXPECT_THAT(to_table(inspection),
              HasSubstr("6 of 7 Conv, Gemm and MatMul nodes are written with codes for tensorrt"));
}

TEST(InspectionTables, ShowForeignNamesSafely) {
  const std::string name = "a\x1b[2J\nb\xFF";
  StatisticsInspection counts = statistics();
  counts.file = counts.tensors[0].name = name;
  ModelInspection nodes = model();
  nodes.file = name;
  nodes.nodes = {{name, name}};
  nodes.observed = {name};
  nodes.float_nodes = {{name, name, name}};
  for (const std::string& text : {to_table(counts), to_table(nodes)}) {
    EXPECT_THAT(text, HasSubstr("a\\x1b[2J\\nb\\xff"));
    EXPECT_THAT(text, Not(HasSubstr("\x1b")));
    EXPECT_THAT(text, Not(HasSubstr("\xFF")));
  }
}

}  // namespace
}  // namespace rangefinder::report
