#include "analog/cache_range.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "analog/call_figures.h"
#include "analog/rank.h"

namespace rangefinder::analog {
namespace {

/// Scrambles 64 bits: the output function of SplitMix64 (Steele, Lea and Flood 2014).
uint64_t scramble(uint64_t x) {
  x += 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

/// Rows that are built and looked at when a call brings that many candidates; the rest follows only
/// if some of them turn out to be all zero.
constexpr size_t kReserve = 64;

void require_finite_slices(const ActivationMatrix& activations) {
  for (size_t slice = 0; slice < activations.slice_count(); ++slice) {
    require_finite(largest_magnitude_bits(activations, slice));
  }
}

/// Builds a row; false if it is all zero.
bool build_row(const ActivationMatrix& activations, uint64_t row, std::vector<float>& values) {
  values.resize(static_cast<size_t>(activations.plan().geometry.features()));
  return activations.copy_row(row, values);
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
  return kept_.size() < max_samples_ ? std::numeric_limits<uint64_t>::max()
                                     : kept_.front().id.number;
}

std::vector<CacheRange::Candidate> CacheRange::candidates(const CallId& call, uint64_t rows,
                                                          uint64_t limit) const {
  const uint64_t base = scramble(scramble(scramble(seed_) ^ call.sample) ^ call.site);
  std::vector<Candidate> result;
  for (uint64_t row = 0; row < rows; ++row) {
    const uint64_t number = scramble(base ^ row);
    if (number <= limit) result.push_back({number, call, row});
  }
  return result;
}

bool CacheRange::may_stay(const Candidate& id) const {
  const std::lock_guard lock(mutex_);
  return kept_.size() < max_samples_ || id < kept_.front().id;
}

void CacheRange::keep(const Candidate& id, const std::vector<float>& values) {
  const std::lock_guard lock(mutex_);
  size_t slot = kept_.size();
  if (slot == max_samples_) {
    if (kept_.front().id < id) return;
    std::pop_heap(kept_.begin(), kept_.end());
    slot = kept_.back().slot;
    kept_.pop_back();
    slots_[slot] = values;
  } else {
    slots_.push_back(values);
  }
  kept_.push_back({id, slot});
  std::push_heap(kept_.begin(), kept_.end());
}

void CacheRange::observe(const CallId& call, const ActivationMatrix& activations) {
  require_finite_slices(activations);
  {
    const std::lock_guard lock(mutex_);
    slices_ = activations.plan().slices;
  }
  std::vector<Candidate> left = candidates(call, activations.row_count(), limit());
  std::vector<float> values;
  auto sorted = left.begin();
  size_t kept = 0;
  // Ascending, but only as far as it is looked at: most calls bring many more than are kept.
  for (auto next = left.begin(); next != left.end() && kept < max_samples_; ++next) {
    if (next == sorted) {
      const auto step = static_cast<std::ptrdiff_t>(max_samples_ - kept + kReserve);
      sorted += std::min(step, left.end() - sorted);
      std::nth_element(next, sorted - 1, left.end());
      std::sort(next, sorted);
    }
    if (!may_stay(*next)) break;
    if (!build_row(activations, next->row, values)) continue;
    keep(*next, values);
    ++kept;
  }
}

size_t CacheRange::row_count() const {
  const std::lock_guard lock(mutex_);
  return kept_.size();
}

std::optional<std::vector<float>> CacheRange::ranges() const {
  const std::lock_guard lock(mutex_);
  if (slots_.empty()) return std::nullopt;
  std::vector<float> result;
  for (const ColumnRange& columns : slices_) {
    std::vector<float> values;
    for (const auto& row : slots_) append(values, row, columns);
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
