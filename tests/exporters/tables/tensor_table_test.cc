#include "exporters/tables/sample_table.h"

namespace rangefinder::exporters {
namespace {

TEST(TensorTable, TheLargestMagnitudeIsOfEitherSign) {
  const auto table = sample_table();
  const auto tensors = by_name(table.activations);
  EXPECT_EQ(tensors.at("images")->largest_magnitude(), 122.5);
  EXPECT_EQ(tensors.at("negative")->largest_magnitude(), 125);
  EXPECT_EQ(tensors.at("even")->largest_magnitude(), 31.75) << "-128 has no counterpart";
}

TEST(TensorTable, TheMiddleCodeIsSymmetricSignedOrNot) {
  TableTensor tensor{.scale = {1}, .zero_point = {128}};
  EXPECT_TRUE(tensor.is_symmetric());
  EXPECT_EQ(tensor.largest_magnitude(), 127);
  tensor.zero_point = {127};
  EXPECT_FALSE(tensor.is_symmetric());
  tensor = {.scale = {1}, .zero_point = {0}, .quant_min = -127, .quant_max = 127};
  EXPECT_TRUE(tensor.is_symmetric());
}

TEST(TensorTable, BitsAreThoseThatHoldTheCodes) {
  const auto bits = [](int64_t least, int64_t most) {
    return TableTensor{.quant_min = least, .quant_max = most}.bits();
  };
  EXPECT_EQ(bits(0, 255), 8);
  EXPECT_EQ(bits(-127, 127), 8);
  EXPECT_EQ(bits(-32768, 32767), 16);
  EXPECT_EQ(bits(0, 15), 4);
}

TEST(TensorTable, WhatTheFloatModelDoesNotHaveIsLeftOut) {
  TensorTable table = sample_table();
  keep_known(table, {"images", "pool", "even"});
  EXPECT_THAT(table.left_out, testing::ElementsAre("relu", "negative"));
  ASSERT_EQ(table.activations.size(), 3);
  EXPECT_EQ(table.activations[1].name, "pool");
  EXPECT_EQ(table.activations[1].root, "pool") << "its root is gone";
  EXPECT_EQ(table.layers[0].output, "");
  EXPECT_THAT(table.layers[2].inputs, testing::ElementsAre("pool", ""));
  EXPECT_THAT(error_of([&] { keep_known(table, {"other"}); }).what(),
              testing::HasSubstr("none of its 3"));
}

TEST(TensorTable, Utf8IsToldFromOtherBytes) {
  EXPECT_NO_THROW(require_utf8("größe", "x"));
  EXPECT_THROW(require_utf8("\xc3", "x"), Error);
  EXPECT_THROW(require_utf8("a\xff", "x"), Error);
}

}  // namespace
}  // namespace rangefinder::exporters
