#include "workflow/compare.h"

#include <gmock/gmock.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "workflow/fixture.h"

namespace rangefinder::workflow {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

class CompareTest : public WorkflowTest {
 protected:
  CompareRequest request(const std::string& quantized) const {
    CompareRequest result{.float_model = model(), .quantized_model = file(quantized)};
    result.samples = open_input({samples()});
    return result;
  }
};

TEST_F(CompareTest, AModelEqualsItself) {
  write_file(file("same.onnx"), read_file(model()));
  const Comparison comparison = compare(request("same.onnx"));
  EXPECT_EQ(comparison.sample_count, kSampleCount);
  ASSERT_EQ(comparison.outputs.size(), 1u);
  EXPECT_EQ(comparison.outputs[0].name, "y");
  EXPECT_TRUE(std::isinf(comparison.outputs[0].sqnr_db));
  EXPECT_EQ(comparison.outputs[0].max_abs_error, 0);
  EXPECT_EQ(comparison.integer_nodes, 0u);
  EXPECT_EQ(comparison.eligible_nodes, 3u);
  EXPECT_EQ(comparison.float_nodes.size(), 3u);
}

TEST_F(CompareTest, AgreesWithWhatQuantizeFoundOnTheSameSamples) {
  const report::Summary summary = quantize(quantize_request("int8.onnx")).summary;
  CompareRequest held_out = request("int8.onnx");
  std::vector<std::filesystem::path> files;
  for (const char* name : {"8.npy", "9.npy", "10.npy", "11.npy"}) files.push_back(samples() / name);
  held_out.samples = open_input(files);
  const Comparison comparison = compare(held_out);
  EXPECT_EQ(comparison.outputs[0].sqnr_db, summary.outputs[0].sqnr_db);
  EXPECT_EQ(comparison.outputs[0].max_abs_error, summary.outputs[0].max_abs_error);
  EXPECT_EQ(comparison.integer_nodes, 3u);
  EXPECT_THAT(comparison.float_nodes, IsEmpty());
}

TEST_F(CompareTest, TakesTheFirstSamplesOnRequest) {
  quantize(quantize_request("int8.onnx"));
  CompareRequest few = request("int8.onnx");
  few.sample_limit = 3;
  EXPECT_EQ(compare(few).sample_count, 3u);
  few.sample_limit = 300;
  EXPECT_EQ(compare(few).sample_count, kSampleCount);
}

TEST_F(CompareTest, WritesTheAgreedKeys) {
  quantize(quantize_request("int8.onnx"));
  const auto json = to_json(compare(request("int8.onnx")));
  EXPECT_EQ(json["integer_nodes"], 3);
  EXPECT_EQ(json["eligible_nodes"], 3);
  EXPECT_EQ(json["samples"], kSampleCount);
  EXPECT_TRUE(json["float_nodes"].empty());
  for (const char* key : {"name", "sqnr_db", "cosine", "max_abs_error"}) {
    EXPECT_TRUE(json["outputs"][0].contains(key)) << key;
  }
}

TEST_F(CompareTest, TimesBothModelsOnRequest) {
  quantize(quantize_request("int8.onnx"));
  CompareRequest timed = request("int8.onnx");
  EXPECT_FALSE(to_json(compare(timed)).contains("latency"));
  timed.measure_latency = true;
  const Comparison comparison = compare(timed);
  ASSERT_TRUE(comparison.latency);
  EXPECT_GT(comparison.latency->float_seconds, 0);
  EXPECT_EQ(to_json(comparison)["latency"]["ratio"],
            comparison.latency->quantized_seconds / comparison.latency->float_seconds);
  EXPECT_THAT(to_table(comparison), HasSubstr("one sample on one thread"));
}

TEST_F(CompareTest, WithoutACommonOutputThereIsNothingToSay) {
  test_support::OnnxBuilder other = classifier();
  other.graph().mutable_output(0)->set_name("z");
  other.graph().mutable_node(6)->set_output(0, "z");
  write_file(file("other.onnx"), other.bytes());
  try {
    compare(request("other.onnx"));
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("other.onnx"));
    EXPECT_THAT(error.what(), HasSubstr("'y'"));
  }
}

TEST_F(CompareTest, WhatCanBeComparedIsCompared) {
  test_support::OnnxBuilder first = classifier();
  first.node("Neg", {"y"}, {"only"});
  first.output("only", {-1, 5});
  write_file(model(), first.bytes());
  write_file(file("other.onnx"), classifier().bytes());
  const auto json = to_json(compare(request("other.onnx")));
  EXPECT_EQ(json["outputs"][0]["sample_count"], kSampleCount);
  EXPECT_EQ(json["outputs"][0]["shape_mismatch_count"], 0);
  EXPECT_TRUE(json["outputs"][0]["reason"].is_null());
  EXPECT_THAT(std::string(json["outputs"][1]["reason"]), HasSubstr("other.onnx"));
  EXPECT_TRUE(json["left_out_samples"].empty());
}

TEST_F(CompareTest, ABadSampleIsAnError) {
  write_file(file("same.onnx"), read_file(model()));
  write_file(samples() / "5.npy", "rubbish");
  EXPECT_THROW(compare(request("same.onnx")), Error);
}

TEST_F(CompareTest, NanIsRefusedOnlyWhereItIsObserved) {
  quantize(quantize_request("int8.onnx"));
  const auto bad = tensor::Tensor::from_floats({1, 3, 8, 8}, std::vector<float>(192, NAN));
  data::write_npy(samples() / "11.npy", bad.view());
  try {
    compare(request("int8.onnx"));
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("11.npy: tensor 'x': shows NaN"));
  }
  CompareRequest ignoring = request("int8.onnx");
  ignoring.run.nonfinite = Nonfinite::kIgnore;
  EXPECT_EQ(compare(ignoring).outputs[0].nonfinite_count, 5u);
}

/// ONNX Runtime refuses such a file; prepared it runs.
TEST_F(CompareTest, AModelThatRunsOnlyOncePreparedIsComparedInThatForm) {
  test_support::OnnxBuilder twins = classifier();
  twins.graph().mutable_node(4)->set_name("twin");
  twins.graph().mutable_node(6)->set_name("twin");
  write_file(model(), twins.bytes());
  const report::Summary summary = quantize(quantize_request("int8.onnx")).summary;
  EXPECT_GT(summary.outputs.at(0).sqnr_db, 20);
  EXPECT_GT(compare(request("int8.onnx")).outputs.at(0).sqnr_db, 20);
}

}  // namespace
}  // namespace rangefinder::workflow
