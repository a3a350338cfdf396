#include "refine/gram_matrix.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <stdexcept>
#include <vector>

#include "base/parallel.h"
#include "refine/simd/pair_products.h"

// The codes are first copied to panels of 16 columns, two rows in each element
// (simd/pair_products). The result is cut into square blocks of 8 panels a side, each the work of
// one core; within a block the rows are taken 512 at a time, so that a panel's part stays in the
// first level of the cache and those of a block in the second.

namespace rangefinder::refine {
namespace {

using simd::kPanelColumns;

constexpr size_t kBlockPanels = 8;
constexpr size_t kBlockColumns = kBlockPanels * kPanelColumns;
constexpr size_t kPairsAtOnce = 256;

size_t rounded_up(size_t count, size_t step) { return (count + step - 1) / step; }

/// [panel][pair of rows][column], zeros where there is no row or column.
class Panels {
 public:
  explicit Panels(const CodeRows& rows)
      : pairs_(rounded_up(rows.row_count(), 2)),
        count_(rounded_up(rows.columns, kPanelColumns)),
        values_(count_ * pairs_ * kPanelColumns) {
    parallel_for(count_, [&](size_t panel) { fill(rows, panel); });
  }

  size_t count() const { return count_; }
  size_t pairs() const { return pairs_; }
  const int32_t* at(size_t panel, size_t pair) const {
    return values_.data() + (panel * pairs_ + pair) * kPanelColumns;
  }

 private:
  void fill(const CodeRows& rows, size_t panel) {
    const size_t first = panel * kPanelColumns;
    const size_t columns = std::min(kPanelColumns, rows.columns - first);
    int32_t* target = values_.data() + panel * pairs_ * kPanelColumns;
    for (size_t pair = 0; pair < pairs_; ++pair, target += kPanelColumns) {
      const uint8_t* upper = rows.codes.data() + 2 * pair * rows.columns + first;
      const bool has_lower = 2 * pair + 1 < rows.row_count();
      const uint8_t* lower = upper + (has_lower ? rows.columns : 0);
      for (size_t i = 0; i < columns; ++i)
        target[i] = simd::row_pair(upper[i] - rows.zero, has_lower ? lower[i] - rows.zero : 0);
    }
  }

  size_t pairs_;
  size_t count_;
  std::vector<int32_t> values_;
};

/// A square of the result.
struct Block {
  size_t row;
  size_t column;
};

/// Those on and below the diagonal.
std::vector<Block> blocks_of(size_t panel_count) {
  std::vector<Block> blocks;
  for (size_t row = 0; row * kBlockPanels < panel_count; ++row) {
    for (size_t column = 0; column <= row; ++column) blocks.push_back({row, column});
  }
  return blocks;
}

void sum_block(const Panels& panels, Block block, std::vector<int32_t>& sums) {
  std::fill(sums.begin(), sums.end(), 0);
  const size_t first_row = block.row * kBlockPanels;
  const size_t first_column = block.column * kBlockPanels;
  const size_t last_row = std::min(first_row + kBlockPanels, panels.count());
  const size_t last_column = std::min(first_column + kBlockPanels, panels.count());
  for (size_t pair = 0; pair < panels.pairs(); pair += kPairsAtOnce) {
    const size_t pairs = std::min(kPairsAtOnce, panels.pairs() - pair);
    for (size_t j = first_column; j < last_column; ++j) {
      for (size_t i = std::max(first_row, j); i < last_row; ++i) {
        int32_t* target = sums.data() + (i - first_row) * kPanelColumns * kBlockColumns +
                          (j - first_column) * kPanelColumns;
        simd::add_pair_products(panels.at(i, pair), panels.at(j, pair), pairs, target,
                                kBlockColumns);
      }
    }
  }
}

void write_block(const std::vector<int32_t>& sums, Block block, SquareMatrix& gram) {
  const size_t first_row = block.row * kBlockColumns;
  const size_t first_column = block.column * kBlockColumns;
  const size_t last_row = std::min(first_row + kBlockColumns, gram.size);
  for (size_t i = first_row; i < last_row; ++i) {
    const int32_t* from = sums.data() + (i - first_row) * kBlockColumns;
    const size_t columns = std::min(kBlockColumns, i + 1 - first_column);
    std::transform(from, from + columns, gram.row(i) + first_column,
                   [](int32_t sum) { return static_cast<float>(sum); });
  }
}

}  // namespace

SquareMatrix gram_matrix(const CodeRows& rows) {
  if (rows.row_count() > kMostGramRows) {
    throw std::invalid_argument(
        fmt::format("{} rows; allowed: {}", rows.row_count(), kMostGramRows));
  }
  if (rows.zero < 0 || rows.zero > 255) {
    throw std::invalid_argument(fmt::format("zero point {}; allowed: 0 to 255", rows.zero));
  }
  const Panels panels(rows);
  const std::vector<Block> blocks = blocks_of(panels.count());
  SquareMatrix gram(rows.columns);
  parallel_for(blocks.size(), [&](size_t i) {
    thread_local std::vector<int32_t> sums(kBlockColumns * kBlockColumns);
    sum_block(panels, blocks[i], sums);
    write_block(sums, blocks[i], gram);
  });
  return gram;
}

}  // namespace rangefinder::refine
