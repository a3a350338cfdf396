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
/// Memory: 9/8 max_samples rows. Cost: a hash per row, and the building of about
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
  struct NumberedRow {
    uint64_t number;
    uint64_t row;

    auto operator<=>(const NumberedRow&) const = default;
  };
  struct Row {
    Candidate id;
    std::vector<float> values;
  };
  /// One of `rows_`, small because these are moved around. Numbers of 64 bits hardly ever tie.
  struct Place {
    uint64_t number;
    size_t row;
  };
  static constexpr uint64_t kNoLimit = UINT64_MAX;

  /// The rows of a call whose numbers are not beyond `limit`.
  std::vector<NumberedRow> candidates(const CallId& call, uint64_t rows, uint64_t limit) const;
  /// Rows with larger numbers will not stay.
  uint64_t limit() const;
  /// Takes `values` and leaves those of a row that had to go, or none.
  void keep(const Candidate& id, std::vector<float>& values);
  /// Puts the max_samples smallest to the front, the largest of them last; returns how many more
  /// there are.
  size_t select(std::vector<Place>& places) const;

  double quantile_;
  size_t max_samples_;
  uint64_t seed_;
  mutable std::mutex mutex_;
  std::vector<Row> rows_;
  /// Those of them that are kept, a few more than max_samples: dropping one by one, off a heap,
  /// takes longer because it is no longer in cache when the next call comes.
  std::vector<Place> kept_;
  /// The others, whose memory is used again.
  std::vector<size_t> free_;
  uint64_t limit_ = kNoLimit;
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
