#include "observers/observer.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace rangefinder::observers {
namespace {

class OfStatistics : public Observer {
 public:
  Solution solve(const Observations&) override { return {}; }
};

class OfRawBatches : public OfStatistics {
 public:
  Needs needs() const override { return {.raw_pass_count = 2}; }
};

TEST(Observer, OfStatisticsKeepsNothing) {
  OfStatistics observer;
  EXPECT_EQ(observer.laws(), Laws{});
  EXPECT_THROW(observer.begin_pass(0), std::invalid_argument);
  EXPECT_THROW(observer.observe({}), std::invalid_argument);
  EXPECT_NO_THROW(observer.merge(observer));
}

TEST(Observer, OfRawBatchesCannotBeMergedUnlessItSaysHow) {
  OfRawBatches observer;
  EXPECT_NO_THROW(observer.begin_pass(1));
  EXPECT_THROW(observer.begin_pass(2), std::invalid_argument);
  EXPECT_THROW(observer.merge(observer), std::invalid_argument);
}

TEST(GridOf, TakesWhatTheSearchesNeed) {
  auto config =
      quantization::TensorQuantizationConfig::linear(quantization::Symmetry::kSymmetric, 4);
  config.properties.scale_rule = quantization::ScaleRule::kPowerOf2;
  EXPECT_EQ(grid_of(config), (quantization::Grid{-8, 7, true, true}));
}

}  // namespace
}  // namespace rangefinder::observers
