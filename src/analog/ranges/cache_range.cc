// Bottom-k sampling: each row of each call has a random number that depends on nothing but the
// seed, the call and the row; the max_samples rows with the smallest numbers are the sample.
//
//   numbers of a call      7 2 9 4 1 8 ...      found without building any row
//   limit (largest kept)   5                    7, 9, 8 cannot be kept: they are never built
//   candidates             1 2 4                built in ascending order; a row of zeros is no row,
//                                               so the next candidate takes its turn
//
// Of a row that is kept only the largest entries matter. A quantile near 1 over all rows falls on
// one of the m largest values of all; in the worst case all m lie in one row, so m entries of each
// row are enough (Part::needed), and what is not stored counts as smaller than all of them.

#include "analog/ranges/cache_range.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <numeric>

#include "analog/ranges/call_figures.h"
#include "analog/ranges/rank.h"
#include "analog/simd/copy_above.h"
#include "analog/simd/row_numbers.h"

namespace rangefinder::analog {
namespace {

using simd::scramble;

/// Candidates that are sorted beyond those that may be kept; the rest follows only if some of them
/// turn out to be all zero.
constexpr size_t kReserve = 64;
/// Rows whose numbers are found at a time.
constexpr size_t kNumbers = 256;

constexpr uint32_t kOctave = 1u << 23;

/// Of each slice's magnitudes, as bits, an eighth of the largest. Throws std::domain_error on NaN
/// and infinity.
std::vector<uint32_t> likely_thresholds(const ActivationMatrix& activations) {
  std::vector<uint32_t> thresholds;
  for (size_t slice = 0; slice < activations.slice_count(); ++slice) {
    const uint32_t largest = largest_magnitude_bits(activations, slice);
    require_finite(largest);
    thresholds.push_back(largest - std::min(largest, 3 * kOctave));
  }
  return thresholds;
}

/// Builds a row; false if it is all zero.
bool build_row(const ActivationMatrix& activations, uint64_t row, std::vector<float>& values) {
  values.resize(static_cast<size_t>(activations.plan().geometry.features()));
  // With a single slice the order of the entries does not matter.
  return activations.slice_count() == 1 ? activations.copy_entries(row, values)
                                        : activations.copy_row(row, values);
}

/// The largest magnitudes of `values` that are not zero, at least `needed` if there are as many and
/// at most `room`, to the front of `found`; returns how many. `threshold` is a guess that saves
/// time, and is moved towards a better one for the next values.
size_t largest_entries(std::span<const float> values, size_t needed, size_t room,
                       uint32_t& threshold, std::vector<float>& found) {
  found.resize(std::max(found.size(), values.size()));
  const auto find = [&](uint32_t above) { return simd::copy_above(values, above, found.data()); };
  size_t size = find(threshold);
  for (; size > room; size = find(threshold)) threshold += kOctave / 8;
  if (size >= needed) return size;
  size = find(0);
  if (size <= room) return size;
  do {
    threshold -= std::min(threshold, kOctave / 8);
    size = find(threshold);
  } while (size < needed);
  if (size <= room) return size;
  std::nth_element(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(room),
                   found.begin() + static_cast<std::ptrdiff_t>(size),
                   [](float a, float b) { return std::fabs(a) > std::fabs(b); });
  return room;
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

void encode_floats(std::span<const float> values, statistics::WireWriter& to) {
  to.varint(values.size());
  for (const float value : values) to.f32(value);
}

/// Appends to `values`; returns how many.
size_t decode_floats(statistics::WireReader& from, size_t most, std::vector<float>& values) {
  const size_t count = from.count(sizeof(float));
  if (count > most) from.fail("a row of another layer");
  for (size_t i = 0; i < count; ++i) values.push_back(from.f32());
  return count;
}

void encode_slices(std::span<const ColumnRange> slices, statistics::WireWriter& to) {
  to.varint(slices.size());
  for (const ColumnRange& columns : slices) to.varint(static_cast<uint64_t>(columns.width()));
}

std::vector<ColumnRange> decode_slices(statistics::WireReader& from) {
  // No layer is wider in all: what is damaged asks for no more memory than that.
  constexpr uint64_t kWidest = uint64_t{1} << 24;
  std::vector<ColumnRange> slices;
  int64_t begin = 0;
  for (size_t left = from.count(1); left > 0; --left) {
    const uint64_t width = from.varint();
    if (width == 0 || width > kWidest - static_cast<uint64_t>(begin)) {
      from.fail("a slice of no layer");
    }
    slices.push_back({begin, begin + static_cast<int64_t>(width)});
    begin += static_cast<int64_t>(width);
  }
  return slices;
}

void append(std::vector<float>& target, const std::vector<float>& row, ColumnRange columns) {
  target.insert(target.end(), row.begin() + columns.begin, row.begin() + columns.end);
}

}  // namespace

std::vector<CacheRange::Part> CacheRange::parts(const std::vector<ColumnRange>& slices) const {
  constexpr size_t kSpace = 4;
  std::vector<Part> parts;
  for (const ColumnRange& columns : slices) {
    const auto width = static_cast<size_t>(columns.width());
    const uint64_t most = uint64_t{max_samples_} * width;
    const Rank rank = quantile_rank(quantile_, most, Compatibility::kNone);
    const size_t needed = std::min<uint64_t>(most - rank.lower, width);
    parts.push_back({columns, needed, std::min(kSpace * needed, width)});
  }
  return parts;
}

size_t CacheRange::row_room(const std::vector<Part>& parts) {
  return std::transform_reduce(parts.begin(), parts.end(), size_t{0}, std::plus(),
                               [](const Part& part) { return part.room; });
}

uint64_t CacheRange::limit() const {
  const std::lock_guard lock(mutex_);
  return kept_.size() < max_samples_ ? UINT64_MAX : kept_.back().number;
}

std::vector<CacheRange::NumberedRow> CacheRange::candidates(const CallId& call,
                                                            uint64_t rows) const {
  const uint64_t base = scramble(scramble(scramble(seed_) ^ call.sample) ^ call.site);
  const uint64_t limit = this->limit();
  std::array<uint64_t, kNumbers> numbers;
  std::array<uint32_t, kNumbers> offsets;
  std::vector<NumberedRow> result;
  for (uint64_t first = 0; first < rows; first += kNumbers) {
    const size_t count = std::min<uint64_t>(kNumbers, rows - first);
    const size_t found =
        simd::row_numbers(base, first, count, limit, numbers.data(), offsets.data());
    for (size_t i = 0; i < found; ++i) result.push_back({numbers[i], first + offsets[i]});
  }
  return result;
}

void CacheRange::rank(std::span<NumberedRow> ascending) const {
  const std::lock_guard lock(mutex_);
  size_t smaller = 0;
  for (NumberedRow& next : ascending) {
    while (smaller < kept_.size() && kept_[smaller].number < next.number) ++smaller;
    next.smaller = smaller;
  }
}

bool CacheRange::build(std::span<NumberedRow> ascending, const CallId& call,
                       const ActivationMatrix& activations, Work& work) const {
  rank(ascending);
  Rows& built = work.built;
  for (const NumberedRow& next : ascending) {
    if (next.smaller + built.ids.size() >= max_samples_) return false;
    if (!build_row(activations, next.row, work.row)) continue;
    built.ids.push_back({next.number, call, next.row});
    append_entries(work);
  }
  return true;
}

void CacheRange::append_entries(Work& work) {
  for (size_t slice = 0; slice < work.parts.size(); ++slice) {
    const auto& [columns, needed, room] = work.parts[slice];
    const auto values = std::span(work.row).subspan(static_cast<size_t>(columns.begin),
                                                    static_cast<size_t>(columns.width()));
    const size_t size = largest_entries(values, needed, room, work.thresholds[slice], work.larger);
    work.built.sizes.push_back(size);
    const auto found = work.larger.begin();
    work.built.entries.insert(work.built.entries.end(), found,
                              found + static_cast<std::ptrdiff_t>(size));
  }
}

size_t CacheRange::take_place() {
  if (spare_.empty()) {
    spare_.push_back(rows_.ids.size());
    rows_.ids.emplace_back();
    rows_.sizes.resize(rows_.sizes.size() + parts_.size());
    rows_.entries.resize(rows_.entries.size() + row_room(parts_));
  }
  const size_t place = spare_.back();
  spare_.pop_back();
  return place;
}

void CacheRange::store(const Rows& built) {
  const size_t room = row_room(parts_);
  const float* entries = built.entries.data();
  const size_t* size = built.sizes.data();
  for (const RowId& id : built.ids) {
    const size_t place = take_place();
    kept_.push_back({id.number, place});
    rows_.ids[place] = id;
    float* to = &rows_.entries[place * room];
    for (size_t slice = 0; slice < parts_.size(); to += parts_[slice++].room, ++size) {
      rows_.sizes[place * parts_.size() + slice] = *size;
      std::copy_n(entries, *size, to);
      entries += *size;
    }
  }
}

void CacheRange::keep(const Work& work) {
  const std::lock_guard lock(mutex_);
  parts_ = work.parts;
  const auto before = static_cast<std::ptrdiff_t>(kept_.size());
  store(work.built);
  std::inplace_merge(
      kept_.begin(), kept_.begin() + before, kept_.end(), [this](const Kept& a, const Kept& b) {
        return a.number != b.number ? a.number < b.number : rows_.ids[a.place] < rows_.ids[b.place];
      });
  for (; kept_.size() > max_samples_; kept_.pop_back()) spare_.push_back(kept_.back().place);
}

void CacheRange::observe(const CallId& call, const ActivationMatrix& activations) {
  Work work = {.parts = parts(activations.plan().slices),
               .thresholds = likely_thresholds(activations)};
  std::vector<NumberedRow> left = candidates(call, activations.row_count());
  // Growing them step by step takes 0.02 of an inference [performance.md].
  const size_t most = std::min(left.size(), max_samples_);
  work.built.ids.reserve(most);
  work.built.sizes.reserve(most * work.parts.size());
  work.built.entries.reserve(most * row_room(work.parts) / 2);
  // In ascending order, but only as far as they are looked at.
  for (auto next = left.begin(); next != left.end();) {
    const auto step = static_cast<std::ptrdiff_t>(max_samples_ + kReserve);
    const auto end = next + std::min(step, left.end() - next);
    if (end != left.end()) std::nth_element(next, end - 1, left.end());
    std::sort(next, end);
    if (!build({next, end}, call, activations, work)) break;
    next = end;
  }
  keep(work);
}

size_t CacheRange::row_count() const {
  const std::lock_guard lock(mutex_);
  return kept_.size();
}

void CacheRange::encode(statistics::WireWriter& to) const {
  const std::lock_guard lock(mutex_);
  std::vector<ColumnRange> slices;
  for (const Part& part : parts_) slices.push_back(part.columns);
  to.varint(kept_.size());
  encode_slices(slices, to);
  for (const Kept& kept : kept_) {
    const RowId& id = rows_.ids[kept.place];
    to.u64(id.number);
    to.varint(id.call.sample);
    to.varint(id.call.site);
    to.varint(id.row);
    size_t begin = kept.place * row_room(parts_);
    for (size_t slice = 0; slice < parts_.size(); begin += parts_[slice++].room) {
      const size_t size = rows_.sizes[kept.place * parts_.size() + slice];
      encode_floats({&rows_.entries[begin], size}, to);
    }
  }
}

void CacheRange::add(statistics::WireReader& from) {
  const size_t rows = from.count(11);
  Work work = {.parts = parts(decode_slices(from)), .thresholds = {}};
  if (rows > max_samples_ || (rows > 0 && work.parts.empty())) from.fail("rows of another kind");
  for (size_t i = 0; i < rows; ++i) {
    RowId id;
    id.number = from.u64();
    id.call.sample = from.varint();
    id.call.site = from.varint();
    id.row = from.varint();
    const bool ascends = work.built.ids.empty() || work.built.ids.back() < id;
    if (!ascends) from.fail("rows out of order");
    work.built.ids.push_back(id);
    for (const Part& part : work.parts) {
      work.built.sizes.push_back(decode_floats(from, part.room, work.built.entries));
    }
  }
  if (!kept_.empty() && parts_ != work.parts) from.fail("rows of another layer");
  if (rows > 0) keep(work);
}

std::optional<std::vector<float>> CacheRange::ranges() const {
  const std::lock_guard lock(mutex_);
  if (kept_.empty()) return std::nullopt;
  std::vector<float> result;
  size_t begin = 0;
  for (size_t slice = 0; slice < parts_.size(); begin += parts_[slice++].room) {
    std::vector<float> magnitudes;
    for (const Kept& kept : kept_) {
      const float* entries = &rows_.entries[kept.place * row_room(parts_) + begin];
      const size_t size = rows_.sizes[kept.place * parts_.size() + slice];
      for (size_t i = 0; i < size; ++i) magnitudes.push_back(std::fabs(entries[i]));
    }
    // Entries that were not stored are smaller than any that the quantile can fall on.
    magnitudes.resize(kept_.size() * static_cast<size_t>(parts_[slice].columns.width()), 0.0f);
    result.push_back(quantile_of(magnitudes, quantile_, Compatibility::kNone));
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

void ReferenceCacheRange::encode(statistics::WireWriter& to) const {
  const std::lock_guard lock(mutex_);
  to.u64(state_);
  encode_slices(slices_, to);
  to.varint(rows_.size());
  for (const auto& row : rows_) encode_floats(row, to);
}

void ReferenceCacheRange::add(statistics::WireReader& from) {
  const std::lock_guard lock(mutex_);
  const uint64_t state = from.u64();
  std::vector<ColumnRange> slices = decode_slices(from);
  std::vector<std::vector<float>> rows(from.count(1));
  const size_t width = slices.empty() ? 0 : static_cast<size_t>(slices.back().end);
  for (auto& row : rows) {
    if (decode_floats(from, width, row) != width) from.fail("a row of another layer");
  }
  if (!slices_.empty() && !slices.empty()) {
    throw std::invalid_argument(
        "cache-quantile as AIHWKIT finds it depends on the order of samples: it cannot be added "
        "up");
  }
  if (slices.empty()) return;
  state_ = state;
  slices_ = std::move(slices);
  rows_ = std::move(rows);
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
