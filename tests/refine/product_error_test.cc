#include "refine/product_error.h"

#include <gtest/gtest.h>

#include <cmath>
#include <stdexcept>

#include "refine/product_problem.h"

namespace rangefinder::refine {
namespace {

double decibels(double error) { return 10 * std::log10(error); }

/// Exponents that follow the outliers more and less.
std::vector<int> exponents_of(int outlier, int step) {
  std::vector<int> exponents;
  for (size_t c = 0; c < kChannels; ++c) {
    exponents.push_back((c % 10 == 4 ? outlier : 0) + (step != 0 && c % 3 == 0 ? step : 0));
  }
  return exponents;
}

TEST(ProductError, IsNearThatOfTheRoundedProduct) {
  for (const float outlier : {1.0f, 12.0f, 60.0f}) {
    const Problem problem(outlier);
    const FindParameters find = whole_range;
    const ProductError error(problem.spread, std::span(&problem.matrix, 1), kGrid, find);
    for (const int along : {0, 2, 4, 6}) {
      for (const int step : {0, 2}) {
        const auto exponents = exponents_of(along, step);
        EXPECT_NEAR(decibels(error(exponents)), decibels(problem.error(exponents)), 1.5)
            << outlier << " " << along << " " << step;
      }
    }
  }
}

TEST(ProductError, ClippingCounts) {
  const Problem problem(1);
  const FindParameters narrow = [](const statistics::TensorStatistics& values) {
    return quantization::affine_from_range({values.extrema.min / 8, values.extrema.max / 8}, kGrid);
  };
  const FindParameters wide = whole_range;
  const std::vector<int> none(kChannels, 0);
  const std::span matrices(&problem.matrix, 1);
  EXPECT_GT(ProductError(problem.spread, matrices, kGrid, narrow)(none),
            10 * ProductError(problem.spread, matrices, kGrid, wide)(none));
}

TEST(ProductError, OfManyColumnsIsThatOfSome) {
  const Problem problem(12);
  ReadMatrix many = problem.matrix;
  many.columns = kColumns * 40;
  many.values.clear();
  for (size_t c = 0; c < kChannels; ++c) {
    for (size_t o = 0; o < many.columns; ++o) {
      many.values.push_back(problem.matrix.values[c * kColumns + o % kColumns]);
    }
  }
  const FindParameters find = whole_range;
  const auto exponents = exponents_of(3, 0);
  const double one =
      ProductError(problem.spread, std::span(&problem.matrix, 1), kGrid, find)(exponents);
  const double all = ProductError(problem.spread, std::span(&many, 1), kGrid, find)(exponents);
  EXPECT_NEAR(decibels(one), decibels(all), 0.5);
}

TEST(ProductError, MeansCountOnlyWhereNoBiasTakesThemOut) {
  Problem problem(1);
  for (float& value : problem.rows) value += 2;
  problem.spread = {};
  problem.spread.add(problem.rows, kChannels);
  // So many codes that only the weights matter.
  const quantization::Grid fine = {0, 1 << 20};
  const FindParameters find = [&](const statistics::TensorStatistics& values) {
    return quantization::affine_from_range({values.extrema.min, values.extrema.max}, fine);
  };
  const std::vector<int> none(kChannels, 0);
  const double plain =
      ProductError(problem.spread, std::span(&problem.matrix, 1), fine, find)(none);
  problem.matrix.is_mean_corrected = true;
  const double corrected =
      ProductError(problem.spread, std::span(&problem.matrix, 1), fine, find)(none);
  // E[x^2] is 1 + 2.5^2, the variance 1.
  EXPECT_NEAR(plain / corrected, 1 + 2.5 * 2.5, 0.7);
}

/// Convolutions by channel: each row has outputs of its own, whose steps follow its scale.
TEST(ProductError, OfWeightsIsTheSameWhateverAConvolutionByChannelIsMultipliedBy) {
  Problem problem(1);
  problem.matrix.taps = kColumns;
  problem.matrix.group_rows = 1;
  const quantization::Grid fine = {0, 1 << 20};
  const FindParameters find = [&](const statistics::TensorStatistics& values) {
    return quantization::affine_from_range({values.extrema.min, values.extrema.max}, fine);
  };
  const ProductError error(problem.spread, std::span(&problem.matrix, 1), fine, find);
  const double alike = error(std::vector<int>(kChannels, 0));
  EXPECT_NEAR(error(exponents_of(3, 0)), alike, 1e-4 * alike);
  problem.matrix.group_rows = 0;
  const ProductError together(problem.spread, std::span(&problem.matrix, 1), fine, find);
  EXPECT_GT(together(exponents_of(6, 0)), 2 * together(std::vector<int>(kChannels, 0)));
}

/// A window has one step: that of its largest element.
TEST(ProductError, OfAWindowIsThatOfItsLargestElement) {
  Problem problem(1);
  const FindParameters find = whole_range;
  problem.matrix.taps = 4;
  const std::vector<int> none(kChannels, 0);
  const double before =
      ProductError(problem.spread, std::span(&problem.matrix, 1), kGrid, find)(none);
  for (size_t o = 0; o < kColumns; o += 4) problem.matrix.values[o] = 100;
  ReadMatrix apart = problem.matrix;
  apart.taps = 1;
  const double noise = [&](const ReadMatrix& matrix) {
    return ProductError(problem.spread, std::span(&matrix, 1), kGrid, find)(none);
  }(problem.matrix);
  const double noise_apart = ProductError(problem.spread, std::span(&apart, 1), kGrid, find)(none);
  EXPECT_GT(noise, 2 * noise_apart);
  EXPECT_GT(before, 0);
}

TEST(ProductError, OfWeightsThatReadAnotherTensorCountsValuesAlone) {
  Problem problem(1);
  const FindParameters find = whole_range;
  const std::vector<int> none(kChannels, 0);
  const double both =
      ProductError(problem.spread, std::span(&problem.matrix, 1), kGrid, find)(none);
  problem.matrix.is_rounded = false;
  const double values =
      ProductError(problem.spread, std::span(&problem.matrix, 1), kGrid, find)(none);
  EXPECT_LT(values, both);
  EXPECT_GT(values, 0);
}

TEST(ProductError, NeedsMatricesThatFit) {
  const Problem problem(1);
  const FindParameters find = whole_range;
  ReadMatrix other = problem.matrix;
  other.values.pop_back();
  EXPECT_THROW(ProductError(problem.spread, std::span(&other, 1), kGrid, find),
               std::invalid_argument);
  ReadMatrix grouped = problem.matrix;
  grouped.group_rows = kChannels - 1;
  EXPECT_THROW(ProductError(problem.spread, std::span(&grouped, 1), kGrid, find),
               std::invalid_argument);
  ReadMatrix windows = problem.matrix;
  windows.taps = kColumns - 1;
  EXPECT_THROW(ProductError(problem.spread, std::span(&windows, 1), kGrid, find),
               std::invalid_argument);
  EXPECT_EQ(ProductError(problem.spread, {}, kGrid, find)(std::vector<int>(kChannels, 0)), 0);
}

}  // namespace
}  // namespace rangefinder::refine
