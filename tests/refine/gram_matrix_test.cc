#include "refine/gram_matrix.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <stdexcept>

#include "base/parallel.h"

namespace rangefinder::refine {
namespace {

CodeRows some_rows(size_t rows, size_t columns, int zero) {
  std::mt19937 random(static_cast<uint32_t>(rows * 31 + columns));
  CodeRows result{columns, std::vector<uint8_t>(rows * columns), zero};
  for (uint8_t& code : result.codes) code = static_cast<uint8_t>(random());
  return result;
}

/// The definition.
int64_t product(const CodeRows& rows, size_t i, size_t j) {
  int64_t sum = 0;
  for (size_t row = 0; row < rows.row_count(); ++row) {
    const auto at = [&](size_t column) {
      return rows.codes[row * rows.columns + column] - rows.zero;
    };
    sum += at(i) * at(j);
  }
  return sum;
}

void expect_products(const CodeRows& rows) {
  const SquareMatrix gram = gram_matrix(rows);
  ASSERT_EQ(gram.size, rows.columns);
  for (size_t i = 0; i < gram.size; ++i) {
    for (size_t j = 0; j <= i; ++j) {
      ASSERT_EQ(gram.row(i)[j], static_cast<float>(product(rows, i, j)))
          << i << ", " << j << " of " << rows.columns << " columns, " << rows.row_count()
          << " rows";
    }
  }
}

TEST(GramMatrix, HoldsTheSumsOfAllProducts) {
  for (const size_t columns : {1, 2, 15, 16, 17, 40, 130}) {
    for (const size_t rows : {0, 1, 2, 5, 32}) expect_products(some_rows(rows, columns, 117));
  }
  expect_products(some_rows(3, 300, 0));
  expect_products(some_rows(515, 9, 255));
}

TEST(GramMatrix, DoesNotDependOnTheOrderOfRows) {
  CodeRows rows = some_rows(40, 21, 100);
  const SquareMatrix gram = gram_matrix(rows);
  const auto size = static_cast<std::ptrdiff_t>(rows.columns);
  std::rotate(rows.codes.begin(), rows.codes.begin() + 7 * size, rows.codes.end());
  EXPECT_EQ(gram_matrix(rows).values, gram.values);
}

TEST(GramMatrix, IsTheSameForAnyNumberOfCores) {
  const CodeRows rows = some_rows(20, 400, 3);
  const SquareMatrix all = gram_matrix(rows);
  const CoreLimit one(1);
  EXPECT_EQ(gram_matrix(rows).values, all.values);
}

TEST(GramMatrix, HoldsTheLargestSumThereIs) {
  const CodeRows rows{1, std::vector<uint8_t>(kMostGramRows, 255), 0};
  EXPECT_EQ(gram_matrix(rows).values[0], static_cast<float>(kMostGramRows * 255 * 255));
}

TEST(GramMatrix, RefusesWhatCouldOverflow) {
  EXPECT_THROW(gram_matrix({1, std::vector<uint8_t>(kMostGramRows + 1), 0}), std::invalid_argument);
  EXPECT_THROW(gram_matrix({1, {0}, -1}), std::invalid_argument);
  EXPECT_THROW(gram_matrix({1, {0}, 256}), std::invalid_argument);
}

}  // namespace
}  // namespace rangefinder::refine
