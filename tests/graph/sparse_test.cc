#include "graph/sparse.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>

#include "base/error.h"
#include "graph/constants.h"
#include "support/onnx_builder.h"

namespace rangefinder::graph {
namespace {

using test_support::OnnxBuilder;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

onnx::TensorProto int64s(const std::vector<int64_t>& shape, const std::vector<int64_t>& values) {
  onnx::TensorProto tensor = make_int64s("indices", values);
  tensor.clear_dims();
  for (const int64_t d : shape) tensor.add_dims(d);
  return tensor;
}

/// A [2, 3] tensor of two values.
onnx::SparseTensorProto sparse(const std::vector<int64_t>& layout,
                               const std::vector<int64_t>& indices) {
  onnx::SparseTensorProto result;
  result.add_dims(2);
  result.add_dims(3);
  *result.mutable_values() = OnnxBuilder::float_tensor("w", {2}, {7, 8});
  *result.mutable_indices() = int64s(layout, indices);
  return result;
}

std::string refusal(const onnx::SparseTensorProto& tensor, uint64_t most_bytes = 1000) {
  try {
    make_dense(tensor, most_bytes);
  } catch (const Error& error) {
    return error.what();
  }
  return "not refused";
}

TEST(MakeDense, ReadsBothLayoutsOfIndices) {
  for (const auto& tensor : {sparse({2}, {1, 5}), sparse({2, 2}, {0, 1, 1, 2})}) {
    const onnx::TensorProto dense = make_dense(tensor, 1000);
    EXPECT_EQ(dense.name(), "w");
    EXPECT_THAT(dense.dims(), ElementsAre(2, 3));
    const tensor::Tensor value = read_constant(dense);
    const auto floats = value.floats();
    EXPECT_THAT(std::vector<float>(floats.begin(), floats.end()), ElementsAre(0, 7, 0, 0, 0, 8));
  }
}

TEST(MakeDense, TakesAnyTypeAnyOrderAndNothing) {
  onnx::SparseTensorProto halves = sparse({2}, {5, 0});
  *halves.mutable_values() = make_int8s("w", {2}, std::vector<int8_t>{1, -1});
  const tensor::Tensor value = read_constant(make_dense(halves, 6));
  EXPECT_EQ(value.bytes()[0], std::byte{0xFF});
  EXPECT_EQ(value.bytes()[5], std::byte{1});
  onnx::SparseTensorProto empty = sparse({0}, {});
  *empty.mutable_values() = OnnxBuilder::float_tensor("w", {0}, {});
  EXPECT_EQ(read_constant(make_dense(empty, 1000)).floats()[3], 0);
  *empty.mutable_indices() = int64s({0, 2}, {});
  EXPECT_EQ(read_constant(make_dense(empty, 1000)).element_count(), 6u);
}

TEST(MakeDense, RefusesIndicesThatDoNotFit) {
  EXPECT_THAT(refusal(sparse({2}, {1, 6})), AllOf(HasSubstr("'w'"), HasSubstr("index 6")));
  EXPECT_THAT(refusal(sparse({2}, {-1, 5})), HasSubstr("index -1"));
  EXPECT_THAT(refusal(sparse({2}, {5, 5})), HasSubstr("element 5 has two values"));
  EXPECT_THAT(refusal(sparse({2, 2}, {0, 3, 1, 0})), HasSubstr("index 3 on axis 1"));
  EXPECT_THAT(refusal(sparse({2, 2}, {-1, 3, 1, 0})), HasSubstr("index -1 on axis 0"));
  EXPECT_THAT(refusal(sparse({1}, {0})), HasSubstr("allowed: [2] or [2, 2]"));
  EXPECT_THAT(refusal(sparse({2, 1}, {0, 1})), HasSubstr("allowed: [2] or [2, 2]"));
  onnx::SparseTensorProto floats = sparse({2}, {0, 1});
  *floats.mutable_indices() = OnnxBuilder::float_tensor("i", {2}, {0, 1});
  EXPECT_THAT(refusal(floats), HasSubstr("indices cannot be read"));
}

TEST(MakeDense, ChecksSizesBeforeMemoryIsTaken) {
  onnx::SparseTensorProto vast = sparse({2}, {0, 1});
  vast.set_dims(0, int64_t{1} << 40);
  EXPECT_THAT(refusal(vast), HasSubstr("more than 1000 bytes"));
  vast.set_dims(1, int64_t{1} << 40);
  EXPECT_THAT(refusal(vast), HasSubstr("too many elements"));
  vast.set_dims(1, -3);
  EXPECT_THAT(refusal(vast), HasSubstr("negative dimension"));
  EXPECT_EQ(refusal(sparse({2}, {0, 1}), 24), "not refused");
  EXPECT_THAT(refusal(sparse({2}, {0, 1}), 23), HasSubstr("more than 23 bytes"));
  onnx::SparseTensorProto scalar = sparse({2}, {0, 1});
  scalar.clear_dims();
  EXPECT_THAT(refusal(scalar), HasSubstr("no dimensions"));
  *scalar.mutable_values() = OnnxBuilder::float_tensor("w", {1, 2}, {7, 8});
  EXPECT_THAT(refusal(scalar), HasSubstr("no list"));
  EXPECT_NE(refusal({}), "not refused");
}

}  // namespace
}  // namespace rangefinder::graph
