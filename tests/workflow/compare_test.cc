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
    result.data.paths = {samples()};
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
  const report::Summary summary = quantize(quantize_request("int8.onnx"));
  CompareRequest held_out = request("int8.onnx");
  held_out.data.paths.clear();
  for (const char* name : {"8.npy", "9.npy", "10.npy", "11.npy"}) {
    held_out.data.paths.push_back(samples() / name);
  }
  const Comparison comparison = compare(held_out);
  EXPECT_EQ(comparison.outputs[0].sqnr_db, summary.outputs[0].sqnr_db);
  EXPECT_EQ(comparison.outputs[0].max_abs_error, summary.outputs[0].max_abs_error);
  EXPECT_EQ(comparison.integer_nodes, 3u);
  EXPECT_THAT(comparison.float_nodes, IsEmpty());
}

TEST_F(CompareTest, TakesTheFirstSamplesOnRequest) {
  quantize(quantize_request("int8.onnx"));
  CompareRequest few = request("int8.onnx");
  few.data.samples = 3;
  EXPECT_EQ(compare(few).sample_count, 3u);
  few.data.samples = 300;
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

TEST_F(CompareTest, AnOutputThatIsMissingIsNamed) {
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

}  // namespace
}  // namespace rangefinder::workflow
