#include "workflow/error_sources.h"

#include <gmock/gmock.h>

#include "support/memory_samples.h"
#include "workflow/fixture.h"

namespace rangefinder::workflow {
namespace {

using tensor::Tensor;
using testing::IsEmpty;

/// Conv a, Relu, Conv b, average, Gemm; weights that are kind to codes.
class ErrorSourcesTest : public WorkflowTest {
 protected:
  static onnx::ModelProto network() {
    test_support::OnnxBuilder b;
    b.input("x", {-1, 3, 8, 8});
    b.weights("w1", {8, 3, 3, 3}, 0.3f);
    b.weights("w2", {8, 8, 3, 3}, 0.2f);
    b.weights("w3", {8, 5}, 0.4f);
    b.node("Conv", {"x", "w1"}, {"a"}).ints("pads", {1, 1, 1, 1});
    b.node("Relu", {"a"}, {"r"});
    b.node("Conv", {"r", "w2"}, {"b"}).ints("pads", {1, 1, 1, 1});
    b.node("GlobalAveragePool", {"b"}, {"mean"});
    b.node("Flatten", {"mean"}, {"flat"});
    b.node("MatMul", {"flat", "w3"}, {"y"});
    b.output("y", {-1, 5});
    return b.model();
  }

  std::vector<report::ErrorSourceRow> sources(const onnx::ModelProto& quantized,
                                              const report::Summary& summary = {},
                                              uint64_t most_values = 1 << 20) const {
    const Plan plan = make_plan(model());
    return error_sources(plan, {quantized.SerializeAsString(), "int8.onnx"},
                         *open_input({samples()}).list, {.jobs = 1}, summary, most_values);
  }
};

TEST_F(ErrorSourcesTest, ARuinedWeightIsFound) {
  write_file(model(), network().SerializeAsString());
  auto request = quantize_request("int8.onnx");
  const report::Summary summary = quantize(request).summary;
  onnx::ModelProto quantized;
  ASSERT_TRUE(quantized.ParseFromString(read_file(request.results.model)));
  for (auto& tensor : *quantized.mutable_graph()->mutable_initializer()) {
    if (tensor.name() != "w2_quantized") continue;
    std::string codes = tensor.raw_data();
    for (size_t i = 0; i < codes.size(); i += 2) codes[i] = 0;
    tensor.set_raw_data(codes);
  }
  const auto rows = sources(quantized);
  ASSERT_FALSE(rows.empty());
  EXPECT_EQ(rows[0].node, "Conv_b");
  EXPECT_EQ(rows[0].op_type, "Conv");
  EXPECT_GT(rows[0].before_db, 25);
  EXPECT_LT(rows[0].after_db, 10);
  // "r" and "b" have 512 values each, "mean" has 8: without the large ones, all happens at "mean".
  const auto coarse = sources(quantized, summary, 511);
  ASSERT_FALSE(coarse.empty());
  EXPECT_EQ(coarse[0].node, "Conv_b");
  EXPECT_EQ(coarse[0].before_db, INFINITY);
}

TEST_F(ErrorSourcesTest, AStepIsNamedAfterItsWeightedNode) {
  write_file(model(), network().SerializeAsString());
  auto request = quantize_request("int8.onnx");
  quantize(request);
  onnx::ModelProto quantized;
  ASSERT_TRUE(quantized.ParseFromString(read_file(request.results.model)));
  for (auto& tensor : *quantized.mutable_graph()->mutable_initializer()) {
    if (tensor.name() != "w1_quantized") continue;
    tensor.set_raw_data(std::string(tensor.raw_data().size(), '\1'));
  }
  const auto rows = sources(quantized);
  ASSERT_FALSE(rows.empty());
  EXPECT_EQ(rows[0].node, "Conv_a") << "and not the Relu that makes the tensor";
  EXPECT_EQ(rows[0].before_db, INFINITY);
}

TEST_F(ErrorSourcesTest, AModelThatLosesNothingHasNone) {
  EXPECT_THAT(sources(make_plan(model()).prepared.model), IsEmpty());
}

}  // namespace
}  // namespace rangefinder::workflow
