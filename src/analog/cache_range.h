#pragma once

#include <memory>
#include <mutex>

#include "analog/range_method.h"

namespace rangefinder::analog {

/// CACHE_QUANTILE: the quantile of |x| over at most max_samples rows, evenly drawn from all rows.
///
/// Every row has a random number, a hash of the seed, its call and its place in it; the rows with
/// the smallest numbers are kept (bottom-k sampling). So every row has the same chance, and the
/// choice depends neither on order nor on threads. Only rows that may stay are ever built.
/// Memory: max_samples rows. Cost: a hash per row, and the building of about
/// max_samples * log(rows / max_samples) of them.
class CacheRange : public RangeMethod {
 public:
  CacheRange(double quantile, int64_t max_samples, uint64_t seed)
      : quantile_(quantile), max_samples_(static_cast<size_t>(max_samples)), seed_(seed) {}

  void observe(const CallId& call, const ActivationMatrix& activations) override;
  std::optional<std::vector<float>> ranges() const override;
  /// Rows kept so far.
  size_t row_count() const;

 private:
  struct Candidate {
    uint64_t number;
    CallId call;
    uint64_t row;

    auto operator<=>(const Candidate&) const = default;
  };
  /// A row that is kept, and where its values lie.
  struct Kept {
    Candidate id;
    size_t slot;

    bool operator<(const Kept& other) const { return id < other.id; }
  };

  std::vector<Candidate> candidates(const CallId& call, uint64_t rows, uint64_t limit) const;
  uint64_t limit() const;
  /// False if the row, and so every one with a larger number, is not among those that are kept.
  bool may_stay(const Candidate& id) const;
  void keep(const Candidate& id, const std::vector<float>& values);

  double quantile_;
  size_t max_samples_;
  uint64_t seed_;
  mutable std::mutex mutex_;
  /// A heap, the largest number on top.
  std::vector<Kept> kept_;
  /// The values of each row; the place of one that goes is taken by the one that comes.
  std::vector<std::vector<float>> slots_;
  std::vector<ColumnRange> slices_;
};

/// CACHE_QUANTILE as the reference does it: after each call all rows, old and new, are shuffled and
/// the first max_samples stay, so that early rows die out; quantiles keep their sign. Calls must
/// come in the order of the samples; with more rows than max_samples the choice follows the seed,
/// not PyTorch's generator.
class ReferenceCacheRange : public RangeMethod {
 public:
  ReferenceCacheRange(double quantile, int64_t max_samples, uint64_t seed)
      : quantile_(quantile), max_samples_(static_cast<size_t>(max_samples)), state_(seed) {}

  void observe(const CallId& call, const ActivationMatrix& activations) override;
  std::optional<std::vector<float>> ranges() const override;

 private:
  double quantile_;
  size_t max_samples_;
  uint64_t state_;
  mutable std::mutex mutex_;
  std::vector<std::vector<float>> rows_;
  std::vector<ColumnRange> slices_;
};

/// The one that options.compatibility asks for.
std::unique_ptr<RangeMethod> make_cache_range(const InputRangeOptions& options);

}  // namespace rangefinder::analog
