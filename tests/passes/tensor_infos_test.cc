#include "passes/tensor_infos.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "support/onnx_builder.h"

namespace rangefinder::passes {
namespace {

TEST(TensorInfos, TellsInputsAndEverythingThatIsMade) {
  test_support::OnnxBuilder b;
  b.input("x", {-1, 3, 8, 8});
  b.weights("w", {4, 3, 3, 3});
  b.node("Conv", {"x", "w"}, {"c"});
  b.node("Shape", {"c"}, {"s"});
  b.node("Relu", {"c"}, {"y"});
  b.output("y", {-1, 4, 6, 6});
  const TensorInfos infos = infer_tensors(b.model(), "net.onnx");
  EXPECT_EQ(infos.at("c").shape, (tensor::Shape{-1, 4, 6, 6}));
  EXPECT_EQ(infos.at("s").type, tensor::ElementType::kInt64);
  EXPECT_TRUE(is_float(infos, "x"));
  EXPECT_FALSE(is_float(infos, "s"));
}

TEST(TensorInfos, ABrokenModelIsAnErrorThatNamesIt) {
  test_support::OnnxBuilder b;
  b.node("NoSuchOperator", {"x"}, {"y"});
  try {
    infer_tensors(b.model(), "net.onnx");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.place().file, "net.onnx");
  }
}

}  // namespace
}  // namespace rangefinder::passes
