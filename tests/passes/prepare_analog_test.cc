#include "passes/prepare_analog.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "base/error.h"
#include "graph/constants.h"
#include "graph/model_file.h"
#include "support/onnx_builder.h"

namespace rangefinder::passes {
namespace {

using test_support::OnnxBuilder;
using testing::ElementsAre;

std::vector<std::string> names(const onnx::ModelProto& model) {
  std::vector<std::string> result;
  for (const auto& node : model.graph().node()) result.push_back(node.name());
  return result;
}

const onnx::TensorProto* initializer(const onnx::ModelProto& model, const std::string& name) {
  for (const auto& constant : model.graph().initializer()) {
    if (constant.name() == name) return &constant;
  }
  return nullptr;
}

/// x - MatMul - Add - BatchNormalization - Identity - y.
OnnxBuilder plain() {
  OnnxBuilder b;
  b.input("x", {-1, 4});
  b.weights("w", {4, 3});
  b.weights("b", {3});
  b.node("MatMul", {"x", "w"}, {"m"});
  b.node("Add", {"m", "b"}, {"a"});
  b.node("Identity", {"a"}, {"y"});
  b.output("y", {-1, 3});
  return b;
}

TEST(PrepareAnalog, APlainModelStaysAsItIs) {
  OnnxBuilder b = plain();
  EXPECT_EQ(graph::serialize(prepare_analog(b.model(), "")), graph::serialize(b.model()));
}

TEST(PrepareAnalog, WeightsThatAreInputsBecomeConstants) {
  OnnxBuilder b = plain();
  b.input("w", {4, 3});
  b.model().set_ir_version(3);
  const onnx::ModelProto prepared = prepare_analog(b.model(), "");
  EXPECT_EQ(prepared.ir_version(), 4) << "in older files every initializer is an input";
  ASSERT_EQ(prepared.graph().input_size(), 1);
  EXPECT_EQ(prepared.graph().input(0).name(), "x");
}

TEST(PrepareAnalog, HalvesBecomeFloatsAndTheInterfaceStays) {
  OnnxBuilder b;
  b.input("x", {-1, 2}, onnx::TensorProto::FLOAT16);
  onnx::TensorProto half;
  half.set_name("w");
  half.set_data_type(onnx::TensorProto::FLOAT16);
  half.add_dims(2);
  half.add_dims(2);
  for (const int32_t bits : {0x3c00, 0x4000, 0x4200, 0x4400}) half.add_int32_data(bits);
  *b.graph().add_initializer() = half;
  b.node("MatMul", {"x", "w"}, {"y"}).proto().set_name("fc");
  b.output("y", {-1, 2}, onnx::TensorProto::FLOAT16);
  const onnx::ModelProto prepared = prepare_analog(b.model(), "");
  EXPECT_THAT(names(prepared), testing::Contains("fc"));
  EXPECT_EQ(prepared.graph().input(0).type().tensor_type().elem_type(), onnx::TensorProto::FLOAT16);
  const auto* wide = initializer(prepared, "w");
  ASSERT_NE(wide, nullptr);
  const tensor::Tensor value = graph::read_constant(*wide);
  EXPECT_TRUE(std::ranges::equal(value.floats(), std::vector<float>{1, 2, 3, 4}));
}

/// Wanted are weights alone: what else is constant is the runtime's to fold.
TEST(PrepareAnalog, WeightsBehindNodesBecomeInitializers) {
  OnnxBuilder b;
  b.input("x", {-1, 1, 4, 4});
  b.weights("flat", {9});
  b.initializer("shape", {4}, std::vector<int64_t>{1, 1, 3, 3});
  b.weights("raw", {2, 4});
  b.weights("b", {1});
  b.node("Reshape", {"flat", "shape"}, {"kernel"});
  b.node("Identity", {"b"}, {"bias"});
  b.node("Conv", {"x", "kernel", "bias"}, {"c"});
  b.node("Flatten", {"c"}, {"f"});
  b.node("Cast", {"raw"}, {"cast"}).integer("to", onnx::TensorProto::FLOAT);
  b.node("Transpose", {"cast"}, {"w"});
  b.node("Gemm", {"f", "w"}, {"y"});
  b.output("y", {-1, 2});
  const onnx::ModelProto prepared = prepare_analog(b.model(), "");
  EXPECT_NE(initializer(prepared, "kernel"), nullptr);
  EXPECT_NE(initializer(prepared, "w"), nullptr);
  EXPECT_EQ(initializer(prepared, "bias"), nullptr);
  EXPECT_THAT(names(prepared), ElementsAre("Identity_bias", "Conv_c", "Flatten_f", "Gemm_y"));
}

TEST(PrepareAnalog, ErrorsNameTheFile) {
  OnnxBuilder b = plain();
  auto& function = *b.model().add_functions();
  function.set_name("F");
  function.set_domain("my");
  function.add_input("t");
  function.add_output("t");
  auto& inner = *function.add_node();
  inner.set_op_type("F");
  inner.set_domain("my");
  auto& call = b.node("F", {"x"}, {"z"}).proto();
  call.set_domain("my");
  try {
    prepare_analog(b.model(), "net.onnx");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.place().file, "net.onnx");
  }
}

}  // namespace
}  // namespace rangefinder::passes
