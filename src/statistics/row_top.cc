#include "statistics/row_top.h"

#include <algorithm>
#include <bit>
#include <functional>
#include <optional>
#include <stdexcept>
#include <utility>

#include "statistics/counts.h"

namespace rangefinder::statistics {
namespace {

constexpr uint32_t kSign = 0x80000000u;
constexpr int kMaxDroppedBits = 31;

/// Unsigned integers in the order of the floats they stand for; both zeros alike.
uint32_t to_ordered(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  if (bits == kSign) return kSign;
  return (bits & kSign) != 0 ? ~bits : bits | kSign;
}

float from_ordered(uint32_t ordered) {
  return std::bit_cast<float>((ordered & kSign) != 0 ? ordered & ~kSign : ~ordered);
}

const uint32_t kLowest = to_ordered(-0x1.fffffep127f);
const uint32_t kHighest = to_ordered(0x1.fffffep127f);

bool is_finite(float value) {
  return (std::bit_cast<uint32_t>(value) & 0x7F800000u) != 0x7F800000u;
}

ValueInterval interval(uint32_t entry, int dropped_bits) {
  const uint32_t low = (entry - 1) << dropped_bits;
  const uint32_t high = low | ((1u << dropped_bits) - 1);
  return {from_ordered(std::max(low, kLowest)), from_ordered(std::min(high, kHighest))};
}

/// Inserts `entry` into the first `width` entries, which descend; the smallest falls out.
void insert(RowTop::Tuple& tuple, size_t width, uint32_t entry) {
  if (entry <= tuple[width - 1]) return;
  size_t i = width - 1;
  for (; i > 0 && tuple[i - 1] < entry; --i) tuple[i] = tuple[i - 1];
  tuple[i] = entry;
}

RowTop::Tuple without_bits(RowTop::Tuple tuple, int bits) {
  for (uint32_t& entry : tuple) {
    if (entry != 0) entry = ((entry - 1) >> bits) + 1;
  }
  return tuple;
}

/// The `width` largest of `length` values that lie `stride` apart; nothing if one is not finite.
std::optional<RowTop::Tuple> largest(const float* values, size_t length, size_t stride,
                                     size_t width) {
  RowTop::Tuple tuple = {};
  for (size_t i = 0; i < length; ++i) {
    const float value = values[i * stride];
    if (!is_finite(value)) return {};
    insert(tuple, width, to_ordered(value) + 1);
  }
  return tuple;
}

void check(bool condition, const char* message) {
  if (!condition) throw std::invalid_argument(message);
}

bool is_valid(const RowTop::Tuple& tuple, size_t k, int dropped_bits) {
  const bool inside = std::ranges::all_of(tuple, [&](uint32_t entry) {
    const uint64_t low = uint64_t{entry - 1} << dropped_bits;
    return entry == 0 || (low <= kHighest && (low | ((1u << dropped_bits) - 1)) >= kLowest);
  });
  const bool ends = std::all_of(tuple.begin() + static_cast<std::ptrdiff_t>(k) + 1, tuple.end(),
                                [](uint32_t entry) { return entry == 0; });
  return inside && ends && tuple[1] != 0 && std::ranges::is_sorted(tuple, std::greater<>());
}

}  // namespace

RowTop::RowTop(size_t k) : k_(k) { check(k >= 1 && k <= kMaxK, "rows keep the order of 1 to 5"); }

void RowTop::add_row(std::span<const float> row) { add(row, row.size(), 1); }

void RowTop::add(std::span<const float> values, size_t length, size_t inner) {
  if (values.empty()) return;
  check(length != 0 && inner != 0 && values.size() % (length * inner) == 0,
        "values do not fit the rows");
  if (length < 2) return;
  for (size_t outer = 0; outer < values.size(); outer += length * inner) {
    for (size_t i = 0; i < inner; ++i) {
      const auto tuple = largest(&values[outer + i], length, inner, k_ + 1);
      if (tuple) {
        count(*tuple);
      } else {
        ++skipped_count_;
      }
    }
  }
}

void RowTop::count(const Tuple& tuple) {
  ++tuples_[without_bits(tuple, dropped_bits_)];
  coarsen_until_it_fits();
}

void RowTop::add_tuple(const Tuple& tuple) {
  if (tuple == Tuple{}) {
    ++skipped_count_;
    return;
  }
  Tuple kept = tuple;
  std::fill(kept.begin() + static_cast<std::ptrdiff_t>(k_) + 1, kept.end(), 0);
  check(is_valid(kept, k_, 0), "a row that cannot be");
  count(kept);
}

void RowTop::merge(const RowTop& other) {
  if (&other == this) return merge(RowTop(other));
  check(k_ == other.k_, "rows that keep another number of values cannot be merged");
  add_counts(row_count() + skipped_count_, other.row_count() + other.skipped_count_);
  skipped_count_ += other.skipped_count_;
  drop_bits(std::max(dropped_bits_, other.dropped_bits_));
  for (const auto& [tuple, count] : other.tuples_) {
    tuples_[without_bits(tuple, dropped_bits_ - other.dropped_bits_)] += count;
    coarsen_until_it_fits();
  }
}

uint64_t RowTop::row_count() const {
  uint64_t total = 0;
  for (const auto& [tuple, count] : tuples_) total += count;
  return total;
}

std::vector<RowTop::Row> RowTop::rows(size_t k) const {
  check(k >= 1 && k <= k_, "rows do not hold so many values");
  std::vector<Row> result;
  result.reserve(tuples_.size());
  for (const auto& [tuple, count] : tuples_) {
    Row row{{}, count};
    for (size_t i = 0; i <= k && tuple[i] != 0; ++i) {
      row.values.push_back(interval(tuple[i], dropped_bits_));
    }
    result.push_back(std::move(row));
  }
  return result;
}

RowTop RowTop::restore(size_t k, int dropped_bits, uint64_t skipped_count,
                       std::map<Tuple, uint64_t> tuples) {
  RowTop result(k);
  check(dropped_bits >= 0 && dropped_bits <= kMaxDroppedBits, "rows of an unknown precision");
  check(tuples.size() <= kMaxTuples, "more different rows than are kept");
  for (const auto& [tuple, count] : tuples) {
    check(count != 0 && is_valid(tuple, k, dropped_bits), "a row that cannot be");
  }
  result.dropped_bits_ = dropped_bits;
  result.skipped_count_ = skipped_count;
  result.tuples_ = std::move(tuples);
  return result;
}

void RowTop::drop_bits(int dropped_bits) {
  if (dropped_bits == dropped_bits_) return;
  std::map<Tuple, uint64_t> coarse;
  for (const auto& [tuple, count] : tuples_) {
    coarse[without_bits(tuple, dropped_bits - dropped_bits_)] += count;
  }
  tuples_ = std::move(coarse);
  dropped_bits_ = dropped_bits;
}

void RowTop::coarsen_until_it_fits() {
  while (tuples_.size() > kMaxTuples) drop_bits(dropped_bits_ + 1);
}

}  // namespace rangefinder::statistics
