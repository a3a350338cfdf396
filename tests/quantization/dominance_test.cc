#include "quantization/dominance.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

namespace rangefinder::quantization {
namespace {

using Configs = std::vector<TensorQuantizationConfig>;

Configs configs(size_t count) {
  return Configs(count, TensorQuantizationConfig::linear(Symmetry::kAsymmetric));
}

TEST(Dominance, OneRootPerSharedTensor) {
  Configs c = configs(5);
  Dominance dominance(5);
  dominance.dominate(1, 0, c);
  dominance.dominate(3, 2, c);
  dominance.dominate(2, 1, c);  // joins both sets below 0
  for (const size_t i : {1, 2, 3}) {
    EXPECT_EQ(dominance.root(i), 0u);
    EXPECT_EQ(c[i].state(), State::kOverlapped);
  }
  EXPECT_EQ(c[0].state(), State::kInitial);
  EXPECT_TRUE(dominance.is_root(4));
  EXPECT_THAT(dominance.group(3), testing::ElementsAre(0, 1, 2, 3));
}

TEST(Dominance, RulingAgainChangesNothing) {
  Configs c = configs(3);
  Dominance dominance(3);
  dominance.dominate(1, 0, c);
  const Configs before = c;
  dominance.dominate(1, 0, c);
  EXPECT_EQ(c, before);
}

TEST(Dominance, RefusesCyclesAndSelf) {
  Configs c = configs(3);
  Dominance dominance(3);
  EXPECT_THROW(dominance.dominate(0, 0, c), std::invalid_argument);
  dominance.dominate(1, 0, c);
  dominance.dominate(2, 1, c);
  EXPECT_THROW(dominance.dominate(0, 2, c), std::invalid_argument);
  EXPECT_THROW(dominance.master(0, 1, c), std::invalid_argument);
}

TEST(Dominance, MasteringRefusesCyclesToo) {
  Configs c = configs(2);
  Dominance dominance(2);
  dominance.master(0, 1, c);
  EXPECT_THROW(dominance.master(1, 0, c), std::invalid_argument);
  EXPECT_EQ(dominance.root(0), 1u);
}

TEST(Dominance, ARefusalChangesNothing) {
  Configs c = configs(2);
  c[0].activate({1}, {0});
  c[0].move_to(State::kBaked);
  Dominance dominance(2);
  const Configs before = c;
  EXPECT_THROW(dominance.dominate(0, 1, c), std::invalid_argument);
  EXPECT_EQ(c, before);
  EXPECT_TRUE(dominance.is_root(0));
}

TEST(Dominance, TheMasteredTakeTheMastersNumbersWhenThereAreAny) {
  Configs c = configs(4);
  c[3].activate({0.5f}, {7});
  Dominance dominance(4);
  dominance.master(2, 3, c);
  EXPECT_EQ(c[2].state(), State::kPassive);
  EXPECT_EQ(c[2].scale, c[3].scale);
  dominance.master(1, 0, c);
  EXPECT_EQ(c[1].state(), State::kPassiveInit);
  dominance.propagate(c);
  EXPECT_EQ(c[1].state(), State::kPassiveInit) << "the master has no scale yet";
  c[0].activate({0.25f}, {1});
  dominance.propagate(c);
  EXPECT_EQ(c[1].state(), State::kPassive);
  EXPECT_THAT(c[1].scale, testing::ElementsAre(0.25f));
  EXPECT_THAT(c[1].offset, testing::ElementsAre(1));
}

TEST(Dominance, NeedsItsOwnConfigs) {
  Configs c = configs(2);
  Dominance dominance(3);
  EXPECT_THROW(dominance.dominate(0, 1, c), std::invalid_argument);
}

}  // namespace
}  // namespace rangefinder::quantization
