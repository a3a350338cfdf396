#include "analysis/known_outputs.h"

#include <gtest/gtest.h>

#include <array>

namespace rangefinder::analysis {
namespace {

tensor::NamedTensors outputs(float value, int64_t count = 4) {
  tensor::Tensor tensor(tensor::ElementType::kFloat32, {count});
  for (float& x : tensor.floats()) x = value;
  return {{"y", tensor}};
}

TEST(KnownOutputs, AreFoundByTheirSample) {
  KnownOutputs known;
  EXPECT_TRUE(known.empty());
  known.keep(3, outputs(1));
  ASSERT_NE(known.find(3), nullptr);
  EXPECT_EQ(known.find(3)->at("y").floats()[0], 1);
  EXPECT_EQ(known.find(2), nullptr);
  EXPECT_EQ(known.bytes(), 16u);
}

TEST(KnownOutputs, AreNotFoundWhereOneIsMissing) {
  KnownOutputs known;
  known.keep(0, outputs(1));
  EXPECT_NE(known.find(0, std::array<std::string, 1>{"y"}), nullptr);
  EXPECT_EQ(known.find(0, std::array<std::string, 2>{"y", "z"}), nullptr);
}

TEST(KnownOutputs, AreGivenBackButNotKeptWithoutRoom) {
  KnownOutputs known(32);
  known.keep(0, outputs(1));
  known.keep(1, outputs(2));
  EXPECT_FALSE(known.is_full());
  EXPECT_EQ(known.keep(2, outputs(3))->at("y").floats()[0], 3);
  EXPECT_TRUE(known.is_full());
  EXPECT_EQ(known.find(2), nullptr);
  EXPECT_EQ(known.bytes(), 32u);
}

TEST(KnownOutputs, OfOneSampleReplaceThoseBefore) {
  KnownOutputs known(32);
  known.keep(0, outputs(1));
  known.keep(0, outputs(2, 8));
  EXPECT_FALSE(known.is_full());
  EXPECT_EQ(known.find(0)->at("y").floats().size(), 8u);
  EXPECT_EQ(known.bytes(), 32u);
}

TEST(KnownOutputs, OfAnotherFormAreMarkedAndHaveLessRoom) {
  KnownOutputs known(32);
  EXPECT_FALSE(known.are_borrowed());
  known.borrow(0, outputs(1));
  EXPECT_TRUE(known.are_borrowed());
  EXPECT_TRUE(known.has_room_to_borrow(16));
  EXPECT_FALSE(known.has_room_to_borrow(17));
  KnownOutputs large;
  const auto half = static_cast<int64_t>(KnownOutputs::kMostBorrowedBytes / sizeof(float) / 2 + 1);
  large.borrow(0, outputs(1, half));
  large.borrow(1, outputs(1, half));
  EXPECT_TRUE(large.is_full());
  EXPECT_FALSE(large.has_room_to_borrow(0));
  large.keep(1, outputs(1, half));
  EXPECT_NE(large.find(1), nullptr);
}

TEST(KnownOutputs, AreNothingOnceTheyAreCleared) {
  KnownOutputs known(16);
  known.set_borrowed(true);
  known.keep(0, outputs(1));
  known.keep(1, outputs(1));
  known.clear();
  EXPECT_TRUE(known.empty());
  EXPECT_FALSE(known.is_full());
  EXPECT_FALSE(known.are_borrowed());
  EXPECT_EQ(known.bytes(), 0u);
}

}  // namespace
}  // namespace rangefinder::analysis
