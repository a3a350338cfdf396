#include "search/lattice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "raw_quantizer.h"
#include "samples.h"
#include "search/mse.h"

namespace rangefinder::search {
namespace {

using quantization::AffineParameters;
using quantization::Grid;
using testing::DoubleNear;

std::optional<Lattice> lattice_of(const std::vector<float>& values, int64_t most) {
  return search::lattice_of(*density_of(observed(values)), most);
}

std::vector<float> multiples(int least, int most, float divisor) {
  std::mt19937 random(9);
  std::uniform_int_distribution<int> draw(least, most);
  std::vector<float> values(5000);
  for (float& x : values) x = static_cast<float>(draw(random)) / divisor;
  values[0] = static_cast<float>(least) / divisor;
  values[1] = static_cast<float>(most) / divisor;
  return values;
}

TEST(Lattice, IsFoundInPixels) {
  for (const float divisor : {1.0f, 255.0f, 3.7e-5f}) {
    const auto found = lattice_of(multiples(0, 255, divisor), 255);
    ASSERT_TRUE(found.has_value());
    EXPECT_EQ(found->multiples, (Split{255, 0}));
    EXPECT_THAT(found->step * divisor, DoubleNear(1, 1e-6));
  }
}

TEST(Lattice, IsFoundOnBothSidesOfZero) {
  const auto found = lattice_of(multiples(-30, 50, 7), 255);
  EXPECT_EQ(found->multiples, (Split{50, 30}));
}

TEST(Lattice, IsNotSeenWhereThereIsNone) {
  for (const Sample& sample : samples(20000)) {
    EXPECT_EQ(lattice_of(sample.values, 1024), std::nullopt) << sample.name;
  }
  EXPECT_EQ(lattice_of({0.3f, 0.6f}, 255), std::nullopt) << "could be chance";
  EXPECT_EQ(lattice_of({0, 0}, 255), std::nullopt);
  EXPECT_EQ(lattice_of(multiples(0, 255, 255), 254), std::nullopt);
}

TEST(Lattice, ExactParametersAreTheFinestThatHoldAllMultiples) {
  const Lattice lattice{0.5, {50, 30}};
  EXPECT_EQ(exact_on(lattice, {0, 255}), (AffineParameters{0.5f / 3, 90}));
  EXPECT_EQ(exact_on(lattice, {-128, 127, true}), (AffineParameters{0.25f, 0}));
  EXPECT_EQ(exact_on(lattice, {0, 15}), std::nullopt);
  EXPECT_EQ(exact_on({0.5, {255, 0}}, {-128, 127}), (AffineParameters{0.5f, -128}));
  EXPECT_EQ(exact_on({0.5, {100, 0}}, {0, 255}), (AffineParameters{0.25f, 0}));
  EXPECT_EQ(exact_on({0.5, {0, 100}}, {0, 255}), (AffineParameters{0.25f, 255}));
}

TEST(Lattice, MseRestoresItExactly) {
  for (const auto& values : {multiples(0, 255, 255), multiples(-30, 50, 7), multiples(0, 9, 3)}) {
    for (const Grid& grid : {Grid{0, 255}, Grid{-128, 127}, Grid{0, 65535}}) {
      const auto found = mse(observed(values), grid);
      EXPECT_LE(raw_mean_squared_error(values, grid, *found), 1e-12);
    }
  }
  EXPECT_EQ(mse(observed(multiples(0, 255, 255)), {0, 255})->zero_point, 0);
}

}  // namespace
}  // namespace rangefinder::search
