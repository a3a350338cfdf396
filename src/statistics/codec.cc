#include "statistics/codec.h"

#include <algorithm>
#include <array>
#include <bit>
#include <map>
#include <stdexcept>
#include <utility>
#include <vector>

#include "statistics/counts.h"

namespace rangefinder::statistics {
namespace {

constexpr uint32_t kBuckets = ValueHistogram::kBucketsPerOctave;
constexpr uint32_t kWords = kBuckets / 64;

/// Adds to what was counted so far; fails where nobody can have counted so much.
void add_to(uint64_t& total, uint64_t count, const WireReader& from) {
  if (count > kMostCounted - total) from.fail("counts more than anybody can count");
  total += count;
}

/// Which buckets are not empty, one bit each, then their counts.
void encode_octave(std::span<const uint64_t> counts, WireWriter& to) {
  for (uint32_t word = 0; word < kWords; ++word) {
    uint64_t bits = 0;
    for (uint32_t k = 0; k < 64; ++k) {
      bits |= static_cast<uint64_t>(counts[word * 64 + k] != 0) << k;
    }
    to.u64(bits);
  }
  for (const uint64_t count : counts) {
    if (count != 0) to.varint(count);
  }
}

std::array<uint64_t, kBuckets> decode_octave(WireReader& from) {
  std::array<uint64_t, kWords> bits;
  for (uint64_t& word : bits) word = from.u64();
  std::array<uint64_t, kBuckets> counts = {};
  bool any = false;
  for (uint32_t k = 0; k < kBuckets; ++k) {
    if ((bits[k / 64] >> (k % 64) & 1) == 0) continue;
    counts[k] = from.varint();
    if (counts[k] == 0) from.fail("an empty bucket is marked as filled");
    any = true;
  }
  if (!any) from.fail("an octave without counts");
  return counts;
}

ValueHistogram decode_histogram(WireReader& from) {
  ValueHistogram histogram;
  histogram.add_zeros(from.varint());
  const size_t octave_count = from.count(1 + kBuckets / 8);
  uint64_t next_index = 0;
  for (size_t i = 0; i < octave_count; ++i) {
    const uint64_t index = from.varint();
    if (index < next_index || index >= ValueHistogram::kOctaveCount || index % 256 == 255) {
      from.fail("octaves out of order or range");
    }
    next_index = index + 1;
    histogram.add_octave(static_cast<uint32_t>(index), decode_octave(from));
  }
  return histogram;
}

void encode(const Extrema& extrema, WireWriter& to) {
  to.varint(extrema.nan_count);
  to.varint(extrema.positive_infinity_count);
  to.varint(extrema.negative_infinity_count);
  to.u8(extrema.has_range() ? 1 : 0);
  if (!extrema.has_range()) return;
  to.f32(extrema.min);
  to.f32(extrema.max);
}

/// A finite value as Extrema keeps it: a zero has no sign.
bool is_extreme(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  return bits != 0x80000000u && (bits & 0x7F800000u) != 0x7F800000u;
}

Extrema decode_extrema(WireReader& from) {
  Extrema extrema;
  extrema.nan_count = from.varint();
  extrema.positive_infinity_count = from.varint();
  extrema.negative_infinity_count = from.varint();
  const uint8_t has_range = from.u8();
  if (has_range > 1) from.fail("neither a range nor none");
  if (has_range == 0) return extrema;
  const float low = from.f32();
  const float high = from.f32();
  extrema.add_range(low, high);
  const bool kept = std::bit_cast<uint32_t>(extrema.min) == std::bit_cast<uint32_t>(low) &&
                    std::bit_cast<uint32_t>(extrema.max) == std::bit_cast<uint32_t>(high);
  if (!is_extreme(low) || !is_extreme(high) || !kept || !extrema.has_range()) {
    from.fail("a minimum and maximum that cannot be");
  }
  return extrema;
}

/// Fails if the counts are more together than a sum of them can hold.
void check_counts(uint64_t total, const ValueHistogram& histogram, const WireReader& from) {
  add_to(total, histogram.zero_count(), from);
  for (uint32_t i = 0; i < ValueHistogram::kOctaveCount; ++i) {
    for (const uint64_t count : histogram.octave_counts(i)) add_to(total, count, from);
  }
}

void check_counts(const TensorStatistics& statistics, const WireReader& from) {
  uint64_t total = 0;
  add_to(total, statistics.extrema.nan_count, from);
  add_to(total, statistics.extrema.positive_infinity_count, from);
  add_to(total, statistics.extrema.negative_infinity_count, from);
  check_counts(total, statistics.histogram, from);
}

void encode(const ExactSum& sum, WireWriter& to) {
  for (const uint64_t word : sum.words()) to.u64(word);
}

ExactSum decode_exact_sum(WireReader& from) {
  ExactSum::Words words;
  for (uint64_t& word : words) word = from.u64();
  return ExactSum::from_words(words);
}

constexpr size_t kSumBytes = sizeof(ExactSum::Words);

/// A sum as the bytes that tell something: how many zeros below are left out, then the others up to
/// where only the sign goes on.
void encode_briefly(const ExactSum& sum, WireWriter& to) {
  WireWriter whole;
  encode(sum, whole);
  std::string_view bytes = whole.bytes();
  const size_t zeros = std::min(bytes.find_first_not_of('\0'), kSumBytes);
  bytes.remove_prefix(zeros);
  const auto is_negative = [](char byte) { return (static_cast<uint8_t>(byte) & 0x80u) != 0; };
  while (bytes.size() > 1 && bytes.back() == (is_negative(bytes[bytes.size() - 2]) ? '\xFF' : '\0'))
    bytes.remove_suffix(1);
  to.u8(static_cast<uint8_t>(zeros));
  to.text(bytes);
}

ExactSum decode_brief_sum(WireReader& from) {
  const size_t zeros = from.u8();
  const std::string_view told = from.text();
  if (zeros + told.size() > kSumBytes) from.fail("a sum of too many bytes");
  std::string bytes(zeros, '\0');
  bytes += told;
  const bool negative = !told.empty() && (static_cast<uint8_t>(told.back()) & 0x80u) != 0;
  bytes.resize(kSumBytes, negative ? '\xFF' : '\0');
  WireReader whole(bytes, from.file());
  const ExactSum sum = decode_exact_sum(whole);
  WireWriter again;
  encode_briefly(sum, again);
  const size_t length = again.bytes().size() - 2;
  if (static_cast<uint8_t>(again.bytes()[0]) != zeros || length != told.size()) {
    from.fail("a sum is spelled wrongly");
  }
  return sum;
}

}  // namespace

void encode(const ValueHistogram& histogram, WireWriter& to) {
  std::vector<uint32_t> octaves;
  for (uint32_t i = 0; i < ValueHistogram::kOctaveCount; ++i) {
    if (!histogram.octave_counts(i).empty()) octaves.push_back(i);
  }
  to.varint(histogram.zero_count());
  to.varint(octaves.size());
  for (const uint32_t i : octaves) {
    to.varint(i);
    encode_octave(histogram.octave_counts(i), to);
  }
}

ValueHistogram decode_value_histogram(WireReader& from) {
  ValueHistogram histogram = decode_histogram(from);
  check_counts(0, histogram, from);
  return histogram;
}

void encode(const TensorStatistics& statistics, WireWriter& to) {
  encode(statistics.extrema, to);
  encode(statistics.histogram, to);
}

TensorStatistics decode_tensor_statistics(WireReader& from) {
  TensorStatistics statistics;
  statistics.extrema = decode_extrema(from);
  statistics.histogram = decode_histogram(from);
  check_counts(statistics, from);
  if (statistics.extrema.has_range() != (statistics.histogram.count() != 0)) {
    from.fail("a range without counts, or counts without a range");
  }
  return statistics;
}

void encode(const RowTop& rows, WireWriter& to) {
  to.u8(static_cast<uint8_t>(rows.k()));
  to.u8(static_cast<uint8_t>(rows.dropped_bits()));
  to.varint(rows.skipped_count());
  to.varint(rows.tuples().size());
  for (const auto& [tuple, count] : rows.tuples()) {
    for (size_t i = 0; i <= rows.k(); ++i) to.varint(tuple[i]);
    to.varint(count);
  }
}

RowTop decode_row_top(WireReader& from) {
  const uint8_t k = from.u8();
  if (k < 1 || k > RowTop::kMaxK) from.fail("rows of an unknown width");
  const uint8_t dropped_bits = from.u8();
  const uint64_t skipped_count = from.varint();
  const size_t tuple_count = from.count(size_t{k} + 2);
  uint64_t total = 0;
  add_to(total, skipped_count, from);
  std::map<RowTop::Tuple, uint64_t> tuples;
  for (size_t i = 0; i < tuple_count; ++i) {
    RowTop::Tuple tuple = {};
    for (size_t j = 0; j <= k; ++j) {
      const uint64_t entry = from.varint();
      if (entry > UINT32_MAX) from.fail("a row value out of range");
      tuple[j] = static_cast<uint32_t>(entry);
    }
    if (!tuples.empty() && tuple <= tuples.rbegin()->first) from.fail("rows out of order");
    const uint64_t count = from.varint();
    add_to(total, count, from);
    tuples.emplace_hint(tuples.end(), tuple, count);
  }
  try {
    return RowTop::restore(k, dropped_bits, skipped_count, std::move(tuples));
  } catch (const std::invalid_argument& error) {
    from.fail(error.what());
  }
}

void encode(const BatchFigures& figures, WireWriter& to) {
  to.varint(figures.batch_count());
  encode(figures.min_sum(), to);
  encode(figures.max_sum(), to);
  encode(figures.magnitude_sum(), to);
}

BatchFigures decode_batch_figures(WireReader& from) {
  const uint64_t batch_count = from.varint();
  if (batch_count > kMostCounted) from.fail("more batches than anybody can count");
  const ExactSum min_sum = decode_exact_sum(from);
  const ExactSum max_sum = decode_exact_sum(from);
  const ExactSum magnitude_sum = decode_exact_sum(from);
  return BatchFigures::restore(batch_count, min_sum, max_sum, magnitude_sum);
}

void encode(const SampleSet& samples, WireWriter& to) {
  to.varint(samples.runs().size());
  uint64_t next = 0;
  for (const SampleSet::Run& run : samples.runs()) {
    to.varint(run.first - next);
    to.varint(run.last - run.first);
    next = run.last + 1;
  }
}

SampleSet decode_sample_set(WireReader& from) {
  const size_t run_count = from.count(2);
  std::vector<SampleSet::Run> runs;
  uint64_t next = 0;
  uint64_t total = 0;
  for (size_t i = 0; i < run_count; ++i) {
    const uint64_t first = next + from.varint();
    const uint64_t last = first + from.varint();
    if (first < next || last < first || last == UINT64_MAX) from.fail("sample indices too large");
    add_to(total, last - first, from);
    add_to(total, 1, from);
    runs.push_back({first, last});
    next = last + 1;
  }
  try {
    return SampleSet::from_runs(std::move(runs));
  } catch (const std::invalid_argument& error) {
    from.fail(error.what());
  }
}

void encode(const ChannelSums& sums, WireWriter& to) {
  to.varint(sums.channel_count());
  for (const ChannelSums::Part& part : sums.parts()) {
    to.varint(part.value_count);
    for (const ExactSum& sum : part.sums) encode_briefly(sum, to);
  }
}

ChannelSums decode_channel_sums(WireReader& from) {
  const size_t channel_count = from.count(2);
  std::array<ChannelSums::Part, ChannelSums::kPartCount> parts;
  uint64_t total = 0;
  for (ChannelSums::Part& part : parts) {
    part.value_count = from.varint();
    add_to(total, part.value_count, from);
    if (part.value_count == 0) continue;
    for (size_t c = 0; c < channel_count; ++c) part.sums.push_back(decode_brief_sum(from));
  }
  if ((total == 0) != (channel_count == 0)) from.fail("sums of nothing, or of no channels");
  return ChannelSums::restore(std::move(parts));
}

namespace {

/// The counts of one octave, channel by channel.
void encode_octave(const ChannelSpread& spread, size_t octave, WireWriter& to) {
  for (size_t c = 0; c < spread.channel_count(); ++c) {
    for (const uint64_t count : spread.counts(octave, c)) to.varint(count);
  }
}

std::vector<size_t> octaves_of(const ChannelSpread& spread) {
  std::vector<size_t> octaves;
  for (size_t o = 0; o < ChannelSpread::kOctaveCount && spread.channel_count() > 0; ++o) {
    if (!spread.counts(o, 0).empty()) octaves.push_back(o);
  }
  return octaves;
}

void decode_octaves(WireReader& from, size_t counts_each, uint64_t& total,
                    ChannelSpread::Parts& parts) {
  size_t next = 0;
  const size_t octave_count = from.count(1 + counts_each);
  for (size_t i = 0; i < octave_count; ++i) {
    const uint64_t octave = from.varint();
    if (octave < next || octave >= ChannelSpread::kOctaveCount) from.fail("octaves out of order");
    auto& counts = parts.octaves[octave];
    for (size_t k = 0; k < counts_each; ++k) {
      counts.push_back(from.varint());
      add_to(total, counts.back(), from);
    }
    next = octave + 1;
  }
}

}  // namespace

void encode(const ChannelSpread& spread, WireWriter& to) {
  to.varint(spread.channel_count());
  if (spread.channel_count() == 0) return;
  for (size_t c = 0; c < spread.channel_count(); ++c) {
    to.f32(spread.min(c));
    to.f32(spread.max(c));
    to.varint(spread.zero_count(c));
  }
  const std::vector<size_t> octaves = octaves_of(spread);
  to.varint(octaves.size());
  for (const size_t octave : octaves) {
    to.varint(octave);
    encode_octave(spread, octave, to);
  }
}

ChannelSpread decode_channel_spread(WireReader& from) {
  const size_t channel_count = from.count(9);
  if (channel_count == 0) return {};
  ChannelSpread::Parts parts;
  uint64_t total = 0;
  for (size_t c = 0; c < channel_count; ++c) {
    parts.min.push_back(from.f32());
    parts.max.push_back(from.f32());
    parts.zeros.push_back(from.varint());
    add_to(total, parts.zeros.back(), from);
  }
  decode_octaves(from, channel_count * ChannelSpread::kSlots, total, parts);
  try {
    return ChannelSpread::restore(std::move(parts));
  } catch (const std::invalid_argument& error) {
    from.fail(error.what());
  }
}

}  // namespace rangefinder::statistics
