#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "analog/ranges/range_method.h"

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
  void encode(statistics::WireWriter& to) const override;
  void add(statistics::WireReader& from) override;
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
  /// A row that is kept: its random number, and at which place of `rows_` its entries lie.
  struct Kept {
    uint64_t number;
    size_t place;
  };
  struct NumberedRow {
    uint64_t number;
    uint64_t row;
    /// How many of the rows kept before the call have a smaller number.
    size_t smaller = 0;

    auto operator<=>(const NumberedRow&) const = default;
  };
  /// How many entries are stored of a row for one slice. The largest magnitudes are stored, with
  /// their signs.
  struct Part {
    /// Columns of the slice.
    ColumnRange columns;
    /// The quantile over all rows cannot fall on more entries of one row than these.
    size_t needed;
    /// The most that are stored. To find somewhat more than `needed` takes less time than to find
    /// exactly those.
    size_t room;

    bool operator==(const Part&) const = default;
  };
  /// The stored entries of some rows, one row behind the other; within a row one slice behind the
  /// other. `sizes` has the number of entries of each row and slice. In `rows_` every row takes the
  /// same space (row_room()), so that a row can take the place of another; in Work::built the
  /// entries lie close.
  struct Rows {
    std::vector<RowId> ids = {};
    std::vector<size_t> sizes = {};
    std::vector<float> entries = {};
  };
  /// What building rows of one call needs.
  struct Work {
    std::vector<Part> parts;
    /// For each slice a magnitude, as bits, above which about Part::needed entries are expected.
    std::vector<uint32_t> thresholds;
    Rows built = {};
    std::vector<float> row = {};
    std::vector<float> larger = {};
  };

  /// Entries that one row takes in `rows_`.
  static size_t row_room(const std::vector<Part>& parts);
  std::vector<Part> parts(const std::vector<ColumnRange>& slices) const;
  /// The rows of a call that may be kept: those whose numbers are at most limit().
  std::vector<NumberedRow> candidates(const CallId& call, uint64_t rows) const;
  /// With max_samples rows kept already the largest of their numbers: a row beyond it is not kept.
  /// Before that no number is too large.
  uint64_t limit() const;
  /// Sets NumberedRow::smaller of candidates in ascending order.
  void rank(std::span<NumberedRow> ascending) const;
  /// Builds candidates, in ascending order, as long as fewer than max_samples rows precede them.
  /// False when that many do: then no later candidate can be kept either.
  bool build(std::span<NumberedRow> ascending, const CallId& call,
             const ActivationMatrix& activations, Work& work) const;
  /// Stores the largest entries of work.row in work.built.
  static void append_entries(Work& work);
  /// Adds the rows built to those kept, and drops the rows with the largest numbers.
  void keep(const Work& work);
  /// Copies the rows into `rows_` and lists them at the end of `kept_`.
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
  /// Places in `rows_` whose rows were dropped.
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
  void encode(statistics::WireWriter& to) const override;
  void add(statistics::WireReader& from) override;
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
