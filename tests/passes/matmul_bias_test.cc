#include "passes/matmul_bias.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "passes/prepare.h"
#include "support/quantization_checks.h"
#include "support/small_transformer.h"

namespace rangefinder::passes {
namespace {

using test_support::check_quantization;
using test_support::OnnxBuilder;
using test_support::SmallTransformer;
using testing::ElementsAre;
using testing::IsEmpty;

/// x -> MatMul -> Add of a constant of this shape
OnnxBuilder product(const std::vector<int64_t>& shape, const std::vector<int64_t>& row) {
  OnnxBuilder b;
  b.input("x", shape);
  b.weights("w", {6, 5});
  b.weights("b", row);
  b.node("MatMul", {"x", "w"}, {"p"}).proto().set_name("product");
  b.node("Add", {"b", "p"}, {"y"}).proto().set_name("sum");
  std::vector<int64_t> result = shape;
  result.back() = 5;
  b.output("y", result);
  return b;
}

TensorInfos infos_of(const OnnxBuilder& b) {
  TensorInfos infos;
  const auto take = [&](const onnx::ValueInfoProto& info) {
    tensor::Shape shape;
    for (const auto& d : info.type().tensor_type().shape().dim()) {
      shape.push_back(d.has_dim_value() ? d.dim_value() : -1);
    }
    infos[info.name()] = {tensor::ElementType::kFloat32, shape};
  };
  OnnxBuilder copy = b;
  for (const auto& input : copy.graph().input()) take(input);
  for (const auto& output : copy.graph().output()) take(output);
  infos["p"] = infos["y"];
  return infos;
}

std::vector<std::string> written(OnnxBuilder b) {
  TensorInfos infos = infos_of(b);
  write_matmul_bias_as_gemm(b.model(), infos);
  std::vector<std::string> nodes;
  for (const auto& node : b.graph().node()) nodes.push_back(node.op_type() + " " + node.name());
  return nodes;
}

TEST(MatmulBias, BecomesTheBiasOfAGemmOfRows) {
  for (const auto& row : std::vector<std::vector<int64_t>>{{5}, {1, 5}, {1, 1, 5}}) {
    EXPECT_THAT(written(product({2, 4, 6}, row)),
                ElementsAre("Reshape x_rows_Reshape", "Gemm product", "Reshape sum"));
  }
}

TEST(MatmulBias, StaysWhereARuntimeWouldLeaveItToo) {
  EXPECT_THAT(written(product({-1, 4, 6}, {5})), ElementsAre("MatMul product", "Add sum"));
  EXPECT_THAT(written(product({4, 6}, {5})), ElementsAre("MatMul product", "Add sum"));
  EXPECT_THAT(written(product({2, 4, 6}, {4, 5})), ElementsAre("MatMul product", "Add sum"));
  EXPECT_THAT(written(product({2, 4, 6}, {1})), ElementsAre("MatMul product", "Add sum"));
}

TEST(MatmulBias, ReadersOfOneTensorShareItsRows) {
  OnnxBuilder b(17);
  b.input("x", {1, 4, 6});
  for (const std::string name : {"q", "k"}) {
    b.weights(name + "_w", {6, 5});
    b.weights(name + "_b", {5});
    b.node("MatMul", {"x", name + "_w"}, {name + "_p"});
    b.node("Add", {name + "_p", name + "_b"}, {name});
    b.output(name, {1, 4, 5});
  }
  TensorInfos infos;
  for (const std::string name : {"x", "q", "k", "q_p", "k_p"}) {
    infos[name] = {tensor::ElementType::kFloat32, tensor::Shape{1, 4, name == "x" ? 6 : 5}};
  }
  write_matmul_bias_as_gemm(b.model(), infos);
  EXPECT_EQ(b.graph().node_size(), 5);
}

/// ONNX Runtime recognizes the attention and leaves its products alone until later.
TEST(MatmulBias, AttentionOfKnownShapeIsIntegerThroughout) {
  for (const bool is_pre_norm : {true, false}) {
    for (const bool has_operator : {true, false}) {
      auto b = SmallTransformer{is_pre_norm, has_operator, 1, true}.build();
      check_quantization(b.model(), {{"MatMul", 0}, {"Gemm", 0}}, 20);
    }
  }
}

}  // namespace
}  // namespace rangefinder::passes
