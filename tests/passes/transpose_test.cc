#include "passes/transpose.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "graph/attributes.h"
#include "graph/constants.h"
#include "support/onnx_builder.h"

namespace rangefinder::passes {
namespace {

using tensor::Shape;
using tensor::Tensor;
using test_support::OnnxBuilder;
using testing::ElementsAre;

/// Value 100 i + 10 j + k at (i, j, k).
Tensor counted(int64_t a, int64_t b, int64_t c) {
  std::vector<float> values;
  for (int64_t i = 0; i < a; ++i) {
    for (int64_t j = 0; j < b; ++j) {
      for (int64_t k = 0; k < c; ++k) values.push_back(static_cast<float>(100 * i + 10 * j + k));
    }
  }
  return Tensor::from_floats({a, b, c}, values);
}

TEST(Permute, MovesEachElement) {
  const Tensor turned = permute(counted(2, 3, 4), {1, 2, 0});
  EXPECT_EQ(turned.shape(), (Shape{3, 4, 2}));
  size_t at = 0;
  for (int j = 0; j < 3; ++j) {
    for (int k = 0; k < 4; ++k) {
      for (int i = 0; i < 2; ++i, ++at) {
        EXPECT_EQ(turned.floats()[at], static_cast<float>(100 * i + 10 * j + k));
      }
    }
  }
  EXPECT_EQ(permute(turned, {2, 0, 1}), counted(2, 3, 4)) << "and back";
}

TEST(Permute, TakesScalarsEmptyTensorsAndNothingElse) {
  const Tensor scalar = Tensor::from_floats({}, std::vector<float>{7});
  EXPECT_EQ(permute(scalar, {}), scalar);
  EXPECT_EQ(permute(counted(2, 0, 3), {2, 1, 0}).shape(), (Shape{3, 0, 2}));
  for (const std::vector<int64_t>& order :
       std::vector<std::vector<int64_t>>{{}, {0, 1}, {0, 1, 1}, {0, 1, 3}, {0, 1, 2, 3}}) {
    EXPECT_THROW(permute(counted(1, 2, 3), order), std::invalid_argument);
  }
}

TEST(Transposed, MovesConstantsNowAndSharesTransposes) {
  OnnxBuilder b;
  b.input("x", {2, 3});
  b.initializer("w", {2, 2}, std::vector<float>{1, 2, 3, 4});
  b.node("MatMul", {"w", "x"}, {"y"});
  b.output("y", {2, 3});
  TensorInfos infos;
  infos["x"] = {tensor::ElementType::kFloat32, Shape{2, 3}};
  graph::Graph graph(b.model());
  const std::string constant = transposed(graph, infos, "w", {1, 0});
  EXPECT_THAT(graph::read_constant(*graph.initializer(constant)).floats(), ElementsAre(1, 3, 2, 4));
  EXPECT_EQ(b.graph().node_size(), 1);
  const std::string once = transposed(graph, infos, "x", {1, 0});
  EXPECT_EQ(transposed(graph, infos, "x", {1, 0}), once);
  EXPECT_EQ(b.graph().node_size(), 2);
  EXPECT_EQ(infos.at(once).shape, (Shape{3, 2}));
}

}  // namespace
}  // namespace rangefinder::passes
