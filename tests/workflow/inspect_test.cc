#include "workflow/inspect.h"

#include <gmock/gmock.h>

#include "base/error.h"
#include "workflow/fixture.h"

namespace rangefinder::workflow {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

using InspectTest = WorkflowTest;

TEST_F(InspectTest, AFloatModelTellsWhatWouldBecomeIntegers) {
  const auto inspection = inspect_model(model());
  EXPECT_EQ(inspection.opset, 13);
  EXPECT_EQ(inspection.target, "ort-cpu");
  EXPECT_EQ(inspection.bytes, std::filesystem::file_size(model()));
  EXPECT_EQ(inspection.eligible_nodes, 3u);
  EXPECT_EQ(inspection.integer_nodes, 3u);
  EXPECT_THAT(inspection.observed, ElementsAre("x", "r", "mean", "h"));
  EXPECT_THAT(inspection.float_nodes, IsEmpty());
}

TEST_F(InspectTest, AQuantizedModelTellsWhatTheRuntimeMadeOfIt) {
  quantize(quantize_request("int8.onnx"));
  const auto inspection = inspect_model(file("int8.onnx"));
  EXPECT_EQ(inspection.eligible_nodes, 3u);
  EXPECT_EQ(inspection.integer_nodes, 3u);
  EXPECT_THAT(inspection.observed, IsEmpty());
}

TEST_F(InspectTest, NothingIsExcludedFromAQuantizedModel) {
  quantize(quantize_request("int8.onnx"));
  EXPECT_THROW(inspect_model(file("int8.onnx"), {.exclude = {"*"}}), std::invalid_argument);
}

TEST_F(InspectTest, NodesThatStayFloatAreListedWithTheReason) {
  test_support::OnnxBuilder b = classifier();
  b.input("w4", {5, 5});
  b.node("MatMul", {"y", "w4"}, {"m"});
  b.node("Gemm", {"m", "w4"}, {"z"});
  b.output("z", {-1, 5});
  write_file(model(), b.bytes());
  const auto inspection = inspect_model(model());
  EXPECT_EQ(inspection.eligible_nodes, 5u);
  EXPECT_EQ(inspection.integer_nodes, 4u);
  ASSERT_EQ(inspection.float_nodes.size(), 1u);
  EXPECT_EQ(inspection.float_nodes[0].name, "Gemm_z");
  EXPECT_EQ(inspection.float_nodes[0].reason, "its weight is not constant");
}

TEST_F(InspectTest, StatisticsTellWhatWasSeen) {
  observe(observe_request("all.rfs"));
  const auto inspection = inspect_statistics(file("all.rfs"));
  EXPECT_EQ(inspection.sample_count, 8u);
  EXPECT_EQ(inspection.model_fingerprint.size(), 16u);
  ASSERT_EQ(inspection.tensors.size(), 4u);
  const auto& relu = inspection.tensors[1];
  EXPECT_EQ(relu.name, "r");
  EXPECT_EQ(relu.count, 8u * 8 * 64);
  EXPECT_EQ(relu.min, 0);
  EXPECT_GT(relu.max, 0);
  EXPECT_GT(relu.zero_share, 0.1);
  EXPECT_EQ(relu.nan_count, 0u);
}

TEST_F(InspectTest, OtherFilesAreRefused) {
  write_file(file("text.rfs"), "hello");
  EXPECT_THROW(inspect_statistics(file("text.rfs")), Error);
  EXPECT_THROW(inspect_model(file("text.rfs")), Error);
  EXPECT_THROW(inspect_model(file("missing.onnx")), Error);
}

}  // namespace
}  // namespace rangefinder::workflow
