#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <vector>

namespace rangefinder::statistics {

/// What is known of one value of a row: lower <= value <= upper, equal where it is known exactly.
struct ValueInterval {
  float lower;
  float upper;

  bool operator==(const ValueInterval&) const = default;
};

/// The largest values of many rows, for isotone calibration: whether a row keeps its order under
/// quantization depends on nothing else (docs/numerics/row-top.md).
///
/// Rows with the same values are counted together. While at most kMaxTuples different rows were
/// seen, every value is exact. Beyond that the values of all rows lose low bits, as few as
/// make the number of different rows fit: the state is the finest view that fits, and so depends
/// on the multiset of rows alone. merge() is exact, associative and commutative.
/// Cost: a scan of each row and one map update; memory at most kMaxTuples entries of 100 bytes.
class RowTop {
 public:
  /// Order is kept among at most so many values; one more is kept to tell the rest apart.
  static constexpr size_t kMaxK = 5;
  static constexpr size_t kWidth = kMaxK + 1;
  static constexpr size_t kMaxTuples = 16384;

  /// Rows of one view: their largest values in descending order, and how many such rows there are.
  /// Rows shorter than kWidth end early.
  struct Row {
    std::vector<ValueInterval> values;
    uint64_t count;

    bool operator==(const Row&) const = default;
  };

  /// For arg-max: the two largest values per row.
  RowTop() = default;
  /// Keeps the k + 1 largest values per row. Throws std::invalid_argument unless 1 <= k <= kMaxK.
  explicit RowTop(size_t k);

  size_t k() const { return k_; }
  /// One row. A row that holds NaN or infinity is counted in skipped_count() and not kept; a row
  /// of fewer than two values has no order and is ignored.
  void add_row(std::span<const float> row);
  /// Rows along an axis: values are [outer][length][inner], a row has `length` values `inner`
  /// apart. Throws std::invalid_argument unless the sizes fit.
  void add(std::span<const float> values, size_t length, size_t inner);
  /// One row that was looked at elsewhere: its kWidth largest values as tuples() has them, no bit
  /// dropped. All 0: it holds NaN or infinity. Throws std::invalid_argument if no row can be so.
  void add_tuple(const std::array<uint32_t, kWidth>& tuple);
  /// Throws std::invalid_argument if `other` keeps another number of values.
  void merge(const RowTop& other);

  /// Rows kept; skipped ones not included.
  uint64_t row_count() const;
  uint64_t skipped_count() const { return skipped_count_; }
  /// Low bits of the values that were given up; 0: every value is exact.
  int dropped_bits() const { return dropped_bits_; }
  /// In ascending order of the tuples.
  std::vector<Row> rows() const { return rows(k_); }
  /// The same with the largest k + 1 values of each row alone; rows that become alike are not put
  /// together. Throws std::invalid_argument unless 1 <= k <= this->k().
  std::vector<Row> rows(size_t k) const;

  /// The state as a file holds it: per kept value of a row 1 + (its bits in the order of the
  /// floats, without the dropped ones), 0 where the row ended.
  using Tuple = std::array<uint32_t, kWidth>;
  const std::map<Tuple, uint64_t>& tuples() const { return tuples_; }
  /// The inverse. Throws std::invalid_argument unless add_row() can lead to this state.
  static RowTop restore(size_t k, int dropped_bits, uint64_t skipped_count,
                        std::map<Tuple, uint64_t> tuples);

  bool operator==(const RowTop&) const = default;

 private:
  void count(const Tuple& tuple);
  void drop_bits(int dropped_bits);
  void coarsen_until_it_fits();

  size_t k_ = 1;
  int dropped_bits_ = 0;
  uint64_t skipped_count_ = 0;
  std::map<Tuple, uint64_t> tuples_;
};

}  // namespace rangefinder::statistics
