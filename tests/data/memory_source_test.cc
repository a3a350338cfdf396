#include "data/memory_source.h"

#include <gtest/gtest.h>

#include <array>
#include <stdexcept>

namespace rangefinder::data {
namespace {

using tensor::NamedTensors;
using tensor::Tensor;

NamedTensors sample(float value, const std::string& name = "x") {
  return {{name, Tensor::from_floats({1, 2}, std::array{value, 2 * value})}};
}

TEST(MemorySource, GivesItsSamplesInOrder) {
  const MemorySource source({sample(1), sample(2)});
  EXPECT_EQ(source.size(), 2u);
  EXPECT_EQ(source.read(1), sample(2));
  EXPECT_EQ(source.read(0), sample(1));
  EXPECT_EQ(source.name(1), "sample 1");
  EXPECT_THROW(source.read(2), std::invalid_argument);
}

TEST(MemorySource, IsToldApartByAllThatTellsSamplesApart) {
  const std::string one = MemorySource({sample(1), sample(2)}).fingerprint();
  EXPECT_EQ(MemorySource({sample(1), sample(2)}).fingerprint(), one);
  EXPECT_NE(MemorySource({sample(2), sample(1)}).fingerprint(), one);
  EXPECT_NE(MemorySource({sample(1)}).fingerprint(), one);
  EXPECT_NE(MemorySource({sample(1, "y"), sample(2, "y")}).fingerprint(), one);
  const NamedTensors reshaped = {{"x", Tensor::from_floats({2, 1}, std::array{1.0f, 2.0f})}};
  EXPECT_NE(MemorySource({reshaped, sample(2)}).fingerprint(), one);
}

}  // namespace
}  // namespace rangefinder::data
