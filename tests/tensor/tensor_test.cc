#include "tensor/tensor.h"

#include <gtest/gtest.h>

#include <cstring>
#include <limits>

namespace rangefinder::tensor {
namespace {

TEST(Tensor, CountsElements) {
  EXPECT_EQ(element_count(Shape{}), 1);
  EXPECT_EQ(element_count(Shape{2, 0, 3}), 0);
  EXPECT_THROW(element_count(Shape{-1}), std::invalid_argument);
  EXPECT_THROW(element_count(Shape{std::numeric_limits<int64_t>::max(), 2}), std::invalid_argument);
  EXPECT_EQ(to_string(Shape{1, 3}), "[1, 3]");
}

TEST(Tensor, HoldsFloats) {
  const Tensor t = Tensor::from_floats({2}, std::vector<float>{1, 2});
  EXPECT_EQ(t.floats()[1], 2.0f);
  EXPECT_EQ(t.view().floats().size(), 2u);
  EXPECT_THROW(Tensor::from_floats({3}, std::vector<float>{1}), std::invalid_argument);
  EXPECT_THROW(Tensor(ElementType::kInt8, {1}).floats(), std::invalid_argument);
}

TEST(Tensor, ConvertsToFloat32) {
  Tensor ints(ElementType::kInt64, {2});
  const int64_t values[] = {-3, 7};
  std::memcpy(ints.bytes().data(), values, sizeof values);
  EXPECT_EQ(ints.to_float32(), Tensor::from_floats({2}, std::vector<float>{-3, 7}));
  EXPECT_THROW(Tensor(ElementType::kString, {1}).to_float32(), std::invalid_argument);
}

}  // namespace
}  // namespace rangefinder::tensor
