#include "tensor/element_type.h"

#include <gtest/gtest.h>

namespace rangefinder::tensor {
namespace {

TEST(ElementType, SizesAndNames) {
  EXPECT_EQ(element_size(ElementType::kFloat32), 4u);
  EXPECT_EQ(element_size(ElementType::kBfloat16), 2u);
  EXPECT_EQ(element_size(ElementType::kString), 0u);
  EXPECT_EQ(element_size(ElementType::kUndefined), 0u);
  EXPECT_EQ(element_name(ElementType::kInt64), "int64");
  EXPECT_TRUE(is_floating(ElementType::kFloat16));
  EXPECT_FALSE(is_floating(ElementType::kBool));
}

}  // namespace
}  // namespace rangefinder::tensor
