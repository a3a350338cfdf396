#include "analog/cache_range.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "analog/call_figures.h"
#include "analog/rank.h"
#include "analog/simd/row_numbers.h"

namespace rangefinder::analog {
namespace {

using simd::scramble;

/// Rows that are looked at beyond those that are kept when a call brings more candidates than that;
/// the rest follows only if some of them turn out to be all zero.
constexpr size_t kReserve = 64;
/// One in this many more rows than asked for are kept before some of them are dropped.
constexpr size_t kSlack = 8;
/// Rows whose numbers are found at a time.
constexpr size_t kNumbers = 256;

void require_finite_slices(const ActivationMatrix& activations) {
  for (size_t slice = 0; slice < activations.slice_count(); ++slice) {
    require_finite(largest_magnitude_bits(activations, slice));
  }
}

/// Brings memory that is about to be written into cache.
void fetch(const std::vector<float>& values) {
  constexpr size_t kLine = 16;
  for (size_t i = 0; i < values.size(); i += kLine) __builtin_prefetch(&values[i], 1);
}

/// Builds a row; false if it is all zero.
bool build_row(const ActivationMatrix& activations, uint64_t row, std::vector<float>& values) {
  values.resize(static_cast<size_t>(activations.plan().geometry.features()));
  // A single slice has all of them, whatever their order.
  return activations.slice_count() == 1 ? activations.copy_entries(row, values)
                                        : activations.copy_row(row, values);
}

/// Quantile of the given values, which are reordered. NaN as in signed_quantile().
float quantile_of(std::vector<float>& values, double quantile, Compatibility compatibility) {
  if (std::any_of(values.begin(), values.end(), [](float x) { return std::isnan(x); })) return NAN;
  const Rank rank = quantile_rank(quantile, values.size(), compatibility);
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(rank.lower);
  std::nth_element(values.begin(), at, values.end());
  if (rank.fraction == 0.0) return interpolate(*at, *at, 0.0);
  return interpolate(*at, *std::min_element(at + 1, values.end()), rank.fraction);
}

void append(std::vector<float>& target, const std::vector<float>& row, ColumnRange columns) {
  target.insert(target.end(), row.begin() + columns.begin, row.begin() + columns.end);
}

}  // namespace

uint64_t CacheRange::limit() const {
  const std::lock_guard lock(mutex_);
  return limit_;
}

std::vector<CacheRange::NumberedRow> CacheRange::candidates(const CallId& call, uint64_t rows,
                                                            uint64_t limit) const {
  const uint64_t base = scramble(scramble(scramble(seed_) ^ call.sample) ^ call.site);
  std::array<uint64_t, kNumbers> numbers;
  std::vector<NumberedRow> result;
  for (uint64_t first = 0; first < rows; first += kNumbers) {
    const std::span some(numbers.data(), std::min<uint64_t>(kNumbers, rows - first));
    simd::row_numbers(base, first, some);
    for (size_t i = 0; i < some.size(); ++i) {
      if (some[i] <= limit) result.push_back({some[i], first + i});
    }
  }
  return result;
}

void CacheRange::keep(const Candidate& id, std::vector<float>& values) {
  const std::lock_guard lock(mutex_);
  if (id.number > limit_) return;
  if (free_.empty()) {
    free_.push_back(rows_.size());
    rows_.emplace_back();
  }
  const size_t place = free_.back();
  free_.pop_back();
  rows_[place].id = id;
  rows_[place].values.swap(values);
  kept_.push_back({id.number, place});
  const size_t most = limit_ == kNoLimit ? max_samples_ : max_samples_ + max_samples_ / kSlack;
  if (kept_.size() < most) return;
  const size_t surplus = select(kept_);
  for (size_t i = kept_.size() - surplus; i < kept_.size(); ++i) free_.push_back(kept_[i].row);
  kept_.resize(kept_.size() - surplus);
  limit_ = kept_.back().number;
}

size_t CacheRange::select(std::vector<Place>& places) const {
  if (places.size() < max_samples_) return 0;
  const auto last = places.begin() + static_cast<std::ptrdiff_t>(max_samples_ - 1);
  std::nth_element(places.begin(), last, places.end(), [this](const Place& a, const Place& b) {
    return a.number != b.number ? a.number < b.number : rows_[a.row].id < rows_[b.row].id;
  });
  return places.size() - max_samples_;
}

void CacheRange::observe(const CallId& call, const ActivationMatrix& activations) {
  require_finite_slices(activations);
  {
    const std::lock_guard lock(mutex_);
    slices_ = activations.plan().slices;
  }
  std::vector<NumberedRow> left = candidates(call, activations.row_count(), limit());
  std::vector<float> values;
  std::vector<float> following;
  // Where they are more than can be kept: in ascending order, but only as far as it is looked at.
  const bool selects = left.size() > max_samples_;
  auto sorted = selects ? left.begin() : left.end();
  size_t kept = 0;
  for (auto next = left.begin(); next != left.end() && kept < max_samples_; ++next) {
    if (next == sorted) {
      const auto step = static_cast<std::ptrdiff_t>(max_samples_ - kept + kReserve);
      sorted += std::min(step, left.end() - sorted);
      std::nth_element(next, sorted - 1, left.end());
      std::sort(next, sorted);
    }
    const Candidate id = {next->number, call, next->row};
    if (id.number > limit()) continue;
    if (!build_row(activations, id.row, values)) continue;
    keep(id, values);
    values.swap(following);
    fetch(following);
    ++kept;
  }
}

size_t CacheRange::row_count() const {
  const std::lock_guard lock(mutex_);
  return std::min(kept_.size(), max_samples_);
}

std::optional<std::vector<float>> CacheRange::ranges() const {
  const std::lock_guard lock(mutex_);
  if (kept_.empty()) return std::nullopt;
  std::vector<Place> kept = kept_;
  kept.resize(kept.size() - select(kept));
  std::vector<float> result;
  for (const ColumnRange& columns : slices_) {
    std::vector<float> values;
    for (const Place& place : kept) append(values, rows_[place.row].values, columns);
    for (float& value : values) value = std::fabs(value);
    result.push_back(quantile_of(values, quantile_, Compatibility::kNone));
  }
  return result;
}

void ReferenceCacheRange::observe(const CallId&, const ActivationMatrix& activations) {
  const std::lock_guard lock(mutex_);
  slices_ = activations.plan().slices;
  std::vector<float> values;
  for (uint64_t row = 0; row < activations.row_count(); ++row) {
    if (build_row(activations, row, values)) rows_.push_back(values);
  }
  // Fisher-Yates, as far as rows stay.
  const size_t kept = std::min(max_samples_, rows_.size());
  for (size_t i = 0; i < kept; ++i) {
    state_ = scramble(state_);
    std::swap(rows_[i], rows_[i + state_ % (rows_.size() - i)]);
  }
  rows_.resize(kept);
}

std::optional<std::vector<float>> ReferenceCacheRange::ranges() const {
  const std::lock_guard lock(mutex_);
  if (rows_.empty()) return std::nullopt;
  std::vector<float> result;
  for (const ColumnRange& columns : slices_) {
    std::vector<float> values;
    for (const auto& row : rows_) append(values, row, columns);
    result.push_back(quantile_of(values, quantile_, Compatibility::kAihwkit));
  }
  return result;
}

std::unique_ptr<RangeMethod> make_cache_range(const InputRangeOptions& options) {
  if (options.compatibility == Compatibility::kAihwkit) {
    return std::make_unique<ReferenceCacheRange>(options.quantile, options.max_samples,
                                                 options.seed);
  }
  return std::make_unique<CacheRange>(options.quantile, options.max_samples, options.seed);
}

}  // namespace rangefinder::analog
