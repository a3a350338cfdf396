#include "data/stacked.h"

#include <gtest/gtest.h>

namespace rangefinder::data {
namespace {

using tensor::Shape;

TEST(Stacked, WhatFitsIsOneSample) {
  EXPECT_EQ(stack_of({1, 3, 8, 8}, Shape{1, 3, 8, 8}), std::nullopt);
  EXPECT_EQ(stack_of({100, 3, 8, 8}, Shape{-1, 3, 8, 8}), std::nullopt) << "a batch";
  EXPECT_EQ(stack_of({100, 3}, std::nullopt), std::nullopt) << "nothing is known";
  EXPECT_EQ(stack_of({}, Shape{}), std::nullopt);
}

TEST(Stacked, OneDimensionMoreIsASampleEach) {
  EXPECT_EQ(stack_of({100, 1, 3, 8, 8}, (Shape{1, 3, 8, 8})), (Stack{100, {1, 3, 8, 8}}));
  EXPECT_EQ(stack_of({100, 2, 3, 8, 8}, (Shape{-1, 3, 8, 8})), (Stack{100, {2, 3, 8, 8}}));
  EXPECT_EQ(stack_of({1, 1, 3}, (Shape{1, 3})), (Stack{1, {1, 3}}));
  EXPECT_EQ(stack_of({0, 1, 3}, (Shape{1, 3})), (Stack{0, {1, 3}}));
  EXPECT_EQ(stack_of({5}, Shape{}), (Stack{5, {}}));
}

TEST(Stacked, AFixedBatchIsCutIntoItsSize) {
  EXPECT_EQ(stack_of({100, 3, 8, 8}, (Shape{1, 3, 8, 8})), (Stack{100, {1, 3, 8, 8}}));
  EXPECT_EQ(stack_of({100, 3}, (Shape{4, -1})), (Stack{25, {4, 3}}));
  EXPECT_EQ(stack_of({101, 3}, (Shape{4, 3})), std::nullopt) << "one is left over";
  EXPECT_EQ(stack_of({2, 3}, (Shape{4, 3})), std::nullopt);
  EXPECT_EQ(stack_of({0, 3}, (Shape{4, 3})), std::nullopt);
}

TEST(Stacked, WhatFitsInNoWayIsNone) {
  EXPECT_EQ(stack_of({100, 4, 8, 8}, (Shape{1, 3, 8, 8})), std::nullopt);
  EXPECT_EQ(stack_of({8, 8, 3}, (Shape{1, 3, 8, 8})), std::nullopt);
  EXPECT_EQ(stack_of({}, (Shape{1, 3})), std::nullopt);
  EXPECT_EQ(stack_of({5, 4}, Shape{}), std::nullopt);
}

}  // namespace
}  // namespace rangefinder::data
