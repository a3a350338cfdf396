#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "analog/range_method.h"

namespace rangefinder::analog {

/// CACHE_QUANTILE: the quantile of |x| over at most max_samples rows, evenly drawn from all rows.
///
/// Every row has a random number, a hash of the seed, its call and its place in it; the rows with
/// the smallest numbers are kept (bottom-k sampling). So every row has the same chance, and the
/// choice depends neither on order nor on threads. Only rows that may stay are ever built. Of each
/// row only its largest entries are stored, as many as can decide the quantile of all.
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
  struct RowId {
    uint64_t number;
    CallId call;
    uint64_t row;

    auto operator<=>(const RowId&) const = default;
  };
  /// The number of row `place` beside it: numbers of 64 bits hardly ever tie.
  struct Kept {
    uint64_t number;
    size_t place;
  };
  struct NumberedRow {
    uint64_t number;
    uint64_t row;
    /// Of the rows kept before the call, so many have a smaller number.
    size_t smaller = 0;

    auto operator<=>(const NumberedRow&) const = default;
  };
  /// What a row has of one slice, whose largest magnitudes it is, with their signs.
  struct Part {
    /// Columns in the row.
    ColumnRange columns;
    /// So many decide the quantile; no row can bring more.
    size_t needed;
    /// So many are kept at most: more than needed, which are found in less time.
    size_t room;
  };
  /// Rows one behind the other, of each slice how many entries there are, and those; in `rows_`
  /// with all the room that a part may need.
  struct Rows {
    std::vector<RowId> ids = {};
    std::vector<size_t> sizes = {};
    std::vector<float> entries = {};
  };
  /// What building rows of one call needs.
  struct Work {
    std::vector<Part> parts;
    /// Of each slice: entries that are larger are likely to be as many as are needed.
    std::vector<uint32_t> thresholds;
    Rows built = {};
    std::vector<float> row = {};
    std::vector<float> larger = {};
  };

  /// Entries that a row has room for.
  static size_t row_room(const std::vector<Part>& parts);
  std::vector<Part> parts(const std::vector<ColumnRange>& slices) const;
  /// The rows of a call whose numbers are not beyond limit().
  std::vector<NumberedRow> candidates(const CallId& call, uint64_t rows) const;
  /// Rows with larger numbers will not stay.
  uint64_t limit() const;
  /// Compares ascending candidates with the rows kept.
  void rank(std::span<NumberedRow> ascending) const;
  /// Builds those of ascending candidates that may stay beside the rows kept and those built
  /// already. False once nothing that comes behind them may.
  bool build(std::span<NumberedRow> ascending, const CallId& call,
             const ActivationMatrix& activations, Work& work) const;
  /// What is needed of work.row.
  static void append_entries(Work& work);
  /// Adds the rows built and lets go of those with the largest numbers.
  void keep(const Work& work);
  /// Copies the rows to where there is room for them, and lists them as kept.
  void store(const Rows& built);
  size_t take_place();

  double quantile_;
  size_t max_samples_;
  uint64_t seed_;
  mutable std::mutex mutex_;
  std::vector<Part> parts_;
  /// In ascending order.
  std::vector<Kept> kept_;
  Rows rows_;
  /// Places in `rows_` that may be used again.
  std::vector<size_t> spare_;
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
