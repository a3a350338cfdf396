#include "workflow/export_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "base/error.h"
#include "base/file.h"
#include "data/temporary_folder.h"
#include "support/memory_samples.h"
#include "support/onnx_builder.h"
#include "support/quantized_model.h"
#include "workflow/quantize.h"

namespace rangefinder::workflow {
namespace {

using Json = nlohmann::json;
using testing::HasSubstr;

/// A small network, quantized into files: int8.onnx and summary.json beside float.onnx.
class ExportTable : public testing::Test {
 protected:
  ExportTable() {
    test_support::OnnxBuilder b;
    b.input("x", {-1, 2, 6, 6});
    b.weights("w1", {4, 2, 3, 3}, 0.5f);
    b.weights("w2", {4, 3}, 0.5f);
    b.node("Conv", {"x", "w1"}, {"c"});
    b.node("Relu", {"c"}, {"r"});
    b.node("GlobalAveragePool", {"r"}, {"p"});
    b.node("Flatten", {"p"}, {"f"});
    b.node("Gemm", {"f", "w2"}, {"y"});
    b.output("y", {-1, 3});
    write_file(path("float.onnx"), b.bytes());
    std::vector<tensor::NamedTensors> samples;
    for (unsigned i = 0; i < 6; ++i) samples.push_back(test_support::random_sample(b.model(), i));
    QuantizeRequest request{
        .model = path("float.onnx"),
        .samples = {.list = std::make_shared<test_support::MemorySamples>(std::move(samples))},
        .run = {.jobs = 1},
        .results = {.model = path("int8.onnx"), .summary = path("summary.json")}};
    workflow::quantize(request);
  }

  std::filesystem::path path(const std::string& name) const { return folder_ / name; }

  ExportedTable table(const std::string& source, const std::string& format,
                      bool with_float_model = false) const {
    ExportTableRequest request{.source = path(source), .format = format};
    if (with_float_model) request.float_model = engine::ModelSource(path("float.onnx"));
    if (format == "tensorrt-cache") request.options.trt_version = "10.3.0";
    return export_table(request);
  }

  data::TemporaryFolder folder_;
};

/// What the summary tells and what the model holds is one and the same, whatever the format.
TEST_F(ExportTable, ModelAndSummaryGiveTheSameActivations) {
  for (const auto& format : exporters::table_formats()) {
    if (format.has_parameters || format.need == exporters::TableNeed::kLayers) continue;
    if (format.name == "ppl") continue;  // tells layers, too
    EXPECT_EQ(table("int8.onnx", std::string(format.name)).bytes,
              table("summary.json", std::string(format.name)).bytes)
        << format.name;
  }
  const auto model = Json::parse(table("int8.onnx", "ppl").bytes);
  const auto summary = Json::parse(table("summary.json", "ppl", true).bytes);
  EXPECT_EQ(model["quant_info"], summary["quant_info"]);
}

TEST_F(ExportTable, TensorsAreThoseOfTheSummary) {
  const auto summary = Json::parse(read_file(path("summary.json")));
  const auto json = Json::parse(table("int8.onnx", "ort-json").bytes);
  std::set<std::string> names;
  for (const auto& row : summary["tensors"]) {
    names.insert(row["name"]);
    EXPECT_FLOAT_EQ(json["data"][row["name"]]["lowest"]["data"][0], row["range"][0]);
    EXPECT_FLOAT_EQ(json["data"][row["name"]]["highest"]["data"][0], row["range"][1]);
  }
  EXPECT_EQ(json["data"].size(), names.size());
}

TEST_F(ExportTable, LayersAndWeightsComeFromTheFloatModel) {
  const auto complaint = [&](const std::string& format) {
    try {
      table("summary.json", format);
      return std::string("none");
    } catch (const Error& error) {
      return std::string(error.what());
    }
  };
  EXPECT_THAT(complaint("ncnn"), HasSubstr("--model"));
  EXPECT_THAT(table("summary.json", "ncnn", true).bytes, HasSubstr("Conv_c_param_0 "));
  EXPECT_THAT(table("int8.onnx", "ncnn", true).bytes, HasSubstr("Conv_c_param_0 "));
  EXPECT_EQ(table("int8.onnx", "qnn", true).weight_count, 2);
  const auto json = Json::parse(table("int8.onnx", "qnn", true).bytes);
  EXPECT_TRUE(json["param_encodings"].contains("w1"));
  EXPECT_EQ(json["param_encodings"]["w1"].size(), 4);
}

TEST_F(ExportTable, NothingIsWrittenThatCannotBeHeld) {
  ExportTableRequest request{
      .source = path("float.onnx"), .format = "ppl", .output = path("table.json")};
  EXPECT_THROW(export_table(request), Error);
  EXPECT_FALSE(std::filesystem::exists(path("table.json")));
  request.source = path("int8.onnx");
  request.output = path("int8.onnx");
  EXPECT_THROW(export_table(request), Error) << "the result would replace what is read";
  request.output = path("table.json");
  const std::string bytes = export_table(request).bytes;
  EXPECT_EQ(bytes, read_file(path("table.json")));
}

}  // namespace
}  // namespace rangefinder::workflow
