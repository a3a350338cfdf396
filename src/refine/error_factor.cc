#include "refine/error_factor.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/parallel.h"
#include "refine/simd/multiply_add.h"

// Rows are done in blocks from the last to the first. A block's rows, as far as the diagonal, first
// lose what the rows below them account for (one product of matrices, the bulk of the work, shared
// out by columns), then what the block's own rows do, from its last to its first.

namespace rangefinder::refine {
namespace {

constexpr size_t kBlockRows = 32;
constexpr size_t kBlockColumns = 128;

struct Span {
  size_t begin;
  size_t end;

  size_t size() const { return end - begin; }
};

/// Takes from the block's rows, in these columns, what the rows below account for.
void take_rows_below(SquareMatrix& h, Span rows, Span columns) {
  const auto negate = [&] {
    for (size_t j = rows.begin; j < rows.end; ++j) {
      float* row = h.row(j);
      for (size_t i = columns.begin; i < columns.end; ++i) row[i] = -row[i];
    }
  };
  if (rows.end == h.size) return;
  const float* below = h.row(rows.end);
  negate();
  simd::multiply_add({below + rows.begin, 1, h.size}, below + columns.begin, h.size,
                     {h.row(rows.begin) + columns.begin, h.size},
                     {rows.size(), columns.size(), h.size - rows.end});
  negate();
}

/// Takes from row j what row k of the block accounts for.
void take_row(SquareMatrix& h, size_t j, size_t k, Span columns) {
  const float factor = h.row(k)[j];
  const float* from = h.row(k);
  float* row = h.row(j);
  for (size_t i = columns.begin; i < columns.end; ++i) row[i] -= factor * from[i];
}

void divide(float* row, Span columns, float pivot) {
  for (size_t i = columns.begin; i < columns.end; ++i) row[i] /= pivot;
}

/// The part of a block about the diagonal.
void factorize_corner(SquareMatrix& h, Span rows, float least_pivot) {
  for (size_t j = rows.end; j-- > rows.begin;) {
    for (size_t k = j + 1; k < rows.end; ++k) take_row(h, j, k, {rows.begin, j + 1});
    float& pivot = h.row(j)[j];
    pivot = std::sqrt(std::max(pivot, least_pivot));
    divide(h.row(j), {rows.begin, j}, pivot);
  }
}

void factorize_columns(SquareMatrix& h, Span rows, Span columns) {
  take_rows_below(h, rows, columns);
  for (size_t j = rows.end; j-- > rows.begin;) {
    for (size_t k = j + 1; k < rows.end; ++k) take_row(h, j, k, columns);
    divide(h.row(j), columns, h.row(j)[j]);
  }
}

/// Adds to the diagonal. Returns what was added: 0 if that makes no diagonal to divide by.
float damp(SquareMatrix& h, double share) {
  double sum = 0;
  for (size_t i = 0; i < h.size; ++i) sum += static_cast<double>(h.row(i)[i]);
  const auto damping = static_cast<float>(share * sum / static_cast<double>(h.size));
  if (!std::isnormal(damping) || damping < 0) return 0;
  for (size_t i = 0; i < h.size; ++i) h.row(i)[i] += damping;
  return damping;
}

}  // namespace

bool factorize(SquareMatrix& h, double damping_share) {
  const float damping = damp(h, damping_share);
  if (damping == 0) return false;
  for (size_t end = h.size; end > 0;) {
    const Span rows{(end - 1) / kBlockRows * kBlockRows, end};
    take_rows_below(h, rows, rows);
    factorize_corner(h, rows, damping);
    const size_t count = (rows.begin + kBlockColumns - 1) / kBlockColumns;
    parallel_for(count, [&](size_t i) {
      const size_t begin = i * kBlockColumns;
      factorize_columns(h, rows, {begin, std::min(begin + kBlockColumns, rows.begin)});
    });
    end = rows.begin;
  }
  return true;
}

}  // namespace rangefinder::refine
