#include "statistics/statistics_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "statistics/codec.h"
#include "statistics/counts.h"
#include "statistics/envelope.h"
#include "statistics/wire.h"

namespace rangefinder::statistics {
namespace {

constexpr EnvelopeKind kKind{.magic = "\x89RFS\r\n\x1a\n",
                             .called = "a statistics file",
                             .content = "statistics",
                             .newest_format = 2};
/// Behind the tensors are samples of other shards.
constexpr uint32_t kShardFormat = 2;

/// What a tensor may hold beside its counts; the numbers are part of the format.
enum class Section : uint8_t {
  kRowTop = 1,
  kBatchFigures = 2,
  kRowAxis = 3,
  kChannelSums = 4,
  kChannelSpread = 5
};

/// Signed numbers as unsigned ones, small where they are near 0.
uint64_t zigzag(int64_t value) {
  return (static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63);
}

int64_t from_zigzag(uint64_t value) {
  return static_cast<int64_t>((value >> 1) ^ (~(value & 1) + 1));
}

void encode_section(Section section, const WireWriter& content, WireWriter& to) {
  to.varint(static_cast<uint8_t>(section));
  to.text(content.bytes());
}

bool has_row_axis(const ObservedTensor& tensor) { return tensor.row_top && tensor.row_axis != -1; }

/// What holds sums alone holds them, and nothing else.
bool is_consistent(const ObservedTensor& tensor) {
  return !tensor.holds_sums_alone || (tensor.sum_axis && tensor.channels.empty() &&
                                      !tensor.row_top && !tensor.channel_axis && !tensor.spread);
}

void encode_sections(const ObservedTensor& tensor, WireWriter& to) {
  to.varint((tensor.row_top ? 1u : 0u) + (tensor.batch_figures.empty() ? 0u : 1u) +
            (has_row_axis(tensor) ? 1u : 0u) + (tensor.sum_axis ? 1u : 0u) +
            (tensor.spread ? 1u : 0u));
  if (tensor.row_top) {
    WireWriter content;
    encode(*tensor.row_top, content);
    encode_section(Section::kRowTop, content, to);
  }
  if (!tensor.batch_figures.empty()) {
    WireWriter content;
    for (const BatchFigures& figures : tensor.batch_figures) encode(figures, content);
    encode_section(Section::kBatchFigures, content, to);
  }
  if (has_row_axis(tensor)) {
    WireWriter content;
    content.varint(zigzag(tensor.row_axis));
    encode_section(Section::kRowAxis, content, to);
  }
  if (tensor.sum_axis) {
    WireWriter content;
    content.varint(zigzag(*tensor.sum_axis));
    content.u8(tensor.holds_sums_alone ? 1 : 0);
    encode(tensor.channel_sums, content);
    encode_section(Section::kChannelSums, content, to);
  }
  if (tensor.spread) {
    WireWriter content;
    encode(*tensor.spread, content);
    encode_section(Section::kChannelSpread, content, to);
  }
}

void encode_tensor(const ObservedTensor& tensor, WireWriter& to) {
  if (!tensor.batch_figures.empty() && tensor.batch_figures.size() != tensor.channels.size()) {
    throw std::invalid_argument("a tensor needs batch figures for each channel or for none");
  }
  if (!is_consistent(tensor)) {
    throw std::invalid_argument("a tensor cannot hold sums alone and something else");
  }
  to.text(tensor.name);
  to.varint(static_cast<uint64_t>(tensor.type));
  to.varint(tensor.channel_axis ? uint64_t{*tensor.channel_axis} + 1 : 0);
  to.varint(tensor.channels.size());
  for (const TensorStatistics& channel : tensor.channels) encode(channel, to);
  encode_sections(tensor, to);
}

void decode_batch_section(WireReader& from, ObservedTensor& tensor) {
  while (!from.at_end()) tensor.batch_figures.push_back(decode_batch_figures(from));
  if (tensor.batch_figures.empty() || tensor.batch_figures.size() != tensor.channels.size()) {
    from.fail("batch figures do not fit the channels");
  }
}

void decode_row_axis(WireReader& from, ObservedTensor& tensor) {
  tensor.row_axis = from_zigzag(from.varint());
  if (!has_row_axis(tensor)) from.fail("a row axis that would not have been written");
}

void decode_sum_section(WireReader& from, ObservedTensor& tensor) {
  tensor.sum_axis = from_zigzag(from.varint());
  const uint8_t alone = from.u8();
  tensor.holds_sums_alone = alone == 1;
  if (alone > 1 || !is_consistent(tensor)) from.fail("neither sums alone nor beside counts");
  tensor.channel_sums = decode_channel_sums(from);
}

void decode_sections(WireReader& from, ObservedTensor& tensor) {
  uint64_t next_id = 1;
  const size_t section_count = from.count(2);
  for (size_t i = 0; i < section_count; ++i) {
    const uint64_t id = from.varint();
    WireReader content(from.text(), from.file());
    if (id < next_id) from.fail("sections out of order");
    if (id == static_cast<uint64_t>(Section::kRowTop)) {
      tensor.row_top = decode_row_top(content);
    } else if (id == static_cast<uint64_t>(Section::kBatchFigures)) {
      decode_batch_section(content, tensor);
    } else if (id == static_cast<uint64_t>(Section::kRowAxis)) {
      decode_row_axis(content, tensor);
    } else if (id == static_cast<uint64_t>(Section::kChannelSums)) {
      decode_sum_section(content, tensor);
    } else if (id == static_cast<uint64_t>(Section::kChannelSpread)) {
      tensor.spread = decode_channel_spread(content);
      if (!is_consistent(tensor)) from.fail("neither sums alone nor beside counts");
    } else {
      // Statistics that cannot be merged must not be dropped in silence either.
      throw Error(fmt::format("holds statistics of kind {}, which this version does not know", id),
                  {.file = from.file(), .tensor = tensor.name});
    }
    if (!content.at_end()) from.fail("a section is longer than its content");
    next_id = id + 1;
  }
}

ObservedTensor decode_tensor(WireReader& from) {
  ObservedTensor tensor;
  tensor.name = from.text();
  const uint64_t type = from.varint();
  tensor.type = static_cast<tensor::ElementType>(type);
  if (type > UINT8_MAX || tensor::element_size(tensor.type) == 0) from.fail("an unknown type");
  const uint64_t axis = from.varint();
  if (axis > UINT32_MAX) from.fail("a channel axis out of range");
  if (axis != 0) tensor.channel_axis = static_cast<uint32_t>(axis - 1);
  const size_t channel_count = from.count(kMinTensorStatisticsBytes);
  if (axis == 0 && channel_count > 1) from.fail("channels without a channel axis");
  for (size_t i = 0; i < channel_count; ++i) {
    tensor.channels.push_back(decode_tensor_statistics(from));
  }
  decode_sections(from, tensor);
  return tensor;
}

void encode_content(const StatisticsFile& content, WireWriter& to) {
  to.varint(ValueHistogram::kMantissaBits);
  to.u64(content.model_fingerprint);
  to.u64(content.plan_fingerprint);
  to.varint(content.samples.size());
  for (const auto& [fingerprint, samples] : content.samples) {
    to.u64(fingerprint);
    encode(samples, to);
  }
  to.varint(content.tensors.size());
  for (const ObservedTensor& tensor : content.tensors) encode_tensor(tensor, to);
}

const SampleSet& seen_of(const StatisticsFile& content, uint64_t fingerprint) {
  static const SampleSet kNone;
  const auto found = content.samples.find(fingerprint);
  return found == content.samples.end() ? kNone : found->second;
}

/// All of what was seen, and more.
bool is_whole(const SampleSet& whole, const SampleSet& seen) {
  return whole != seen && seen.without(whole).empty();
}

void encode_whole(const StatisticsFile& content, WireWriter& to) {
  to.varint(content.whole.size());
  for (const auto& [fingerprint, whole] : content.whole) {
    if (!is_whole(whole, seen_of(content, fingerprint))) {
      throw std::invalid_argument("a shard needs more samples around it than it holds itself");
    }
    to.u64(fingerprint);
    encode(whole, to);
  }
}

std::map<uint64_t, SampleSet> decode_data_sets(WireReader& from) {
  std::map<uint64_t, SampleSet> samples;
  uint64_t total = 0;
  const size_t count = from.count(9);
  for (size_t i = 0; i < count; ++i) {
    const uint64_t fingerprint = from.u64();
    if (!samples.empty() && fingerprint <= samples.rbegin()->first) {
      from.fail("data sets out of order");
    }
    SampleSet& set =
        samples.emplace_hint(samples.end(), fingerprint, decode_sample_set(from))->second;
    if (set.count() > kMostCounted - total) from.fail("more samples than anybody can count");
    total += set.count();
  }
  return samples;
}

void decode_whole(WireReader& from, StatisticsFile& content) {
  content.whole = decode_data_sets(from);
  if (content.whole.empty()) from.fail("no data set that a shard was seen of");
  for (const auto& [fingerprint, whole] : content.whole) {
    if (!is_whole(whole, seen_of(content, fingerprint))) from.fail("a shard of fewer samples");
  }
}

StatisticsFile decode_content(uint32_t format, WireReader& from) {
  StatisticsFile content;
  const uint64_t mantissa_bits = from.varint();
  if (mantissa_bits != ValueHistogram::kMantissaBits) {
    throw Error(fmt::format("counts buckets of {} mantissa bits, this version those of {}",
                            mantissa_bits, ValueHistogram::kMantissaBits),
                {.file = from.file()});
  }
  content.model_fingerprint = from.u64();
  content.plan_fingerprint = from.u64();
  content.samples = decode_data_sets(from);
  const size_t tensor_count = from.count(5);
  for (size_t i = 0; i < tensor_count; ++i) content.tensors.push_back(decode_tensor(from));
  if (format == kShardFormat) decode_whole(from, content);
  if (!from.at_end()) from.fail("bytes behind the last tensor");
  return content;
}

void merge_channels(ObservedTensor& to, const ObservedTensor& from) {
  if (to.channels.empty()) {
    to.channels = from.channels;
    to.batch_figures = from.batch_figures;
    return;
  }
  for (size_t c = 0; c < from.channels.size(); ++c) to.channels[c].merge(from.channels[c]);
  for (size_t c = 0; c < from.batch_figures.size(); ++c) {
    to.batch_figures[c].merge(from.batch_figures[c]);
  }
}

/// The same of what was seen of their channels.
std::string spread_difference(const ObservedTensor& a, const ObservedTensor& b) {
  if (a.spread.has_value() != b.spread.has_value()) {
    return b.spread ? "counts of channels, which the other files lack"
                    : "no counts of channels, which the other files have";
  }
  if (!a.spread) return {};
  const size_t counted = a.spread->channel_count();
  const size_t others = b.spread->channel_count();
  if (counted == 0 || others == 0 || counted == others) return {};
  return fmt::format("counts of {} channels instead of {}", others, counted);
}

/// Why two tensors cannot be merged; nothing if they can.
std::string difference(const ObservedTensor& a, const ObservedTensor& b) {
  if (a.name != b.name) return fmt::format("tensor '{}' instead of '{}'", b.name, a.name);
  if (a.type != b.type || a.channel_axis != b.channel_axis) return "another type or channel axis";
  if (a.row_top.has_value() != b.row_top.has_value() ||
      (a.row_top && (a.row_top->k() != b.row_top->k() || a.row_axis != b.row_axis))) {
    return "other row statistics";
  }
  if (a.sum_axis.has_value() != b.sum_axis.has_value()) {
    return b.sum_axis ? "sums of channels, which the other files lack"
                      : "no sums of channels, which the other files have";
  }
  if (a.sum_axis != b.sum_axis || a.holds_sums_alone != b.holds_sums_alone)
    return "sums of other channels";
  const size_t sums = a.channel_sums.channel_count();
  const size_t others = b.channel_sums.channel_count();
  if (sums != 0 && others != 0 && sums != others) {
    return fmt::format("sums of {} channels instead of {}", others, sums);
  }
  if (std::string found = spread_difference(a, b); !found.empty()) return found;
  if (a.channels.empty() || b.channels.empty()) return {};
  if (a.channels.size() != b.channels.size()) {
    return fmt::format("{} channels instead of {}", b.channels.size(), a.channels.size());
  }
  return a.batch_figures.size() == b.batch_figures.size() ? "" : "other batch figures";
}

/// Throws Error if the two have seen more together than is counted.
void require_countable(const StatisticsFile& a, const StatisticsFile& b, const std::string& file) {
  const auto require = [&](const ObservedTensor* tensor, uint64_t mine, uint64_t theirs) {
    try {
      add_counts(mine, theirs);
    } catch (const Error& error) {
      throw error.within({.file = file, .tensor = tensor != nullptr ? tensor->name : ""});
    }
  };
  require(nullptr, a.sample_count(), b.sample_count());
  for (size_t i = 0; i < std::min(a.tensors.size(), b.tensors.size()); ++i) {
    const ObservedTensor& tensor = a.tensors[i];
    const ObservedTensor& other = b.tensors[i];
    for (size_t c = 0; c < std::min(tensor.channels.size(), other.channels.size()); ++c) {
      require(&tensor, tensor.channels[c].count(), other.channels[c].count());
    }
    if (tensor.row_top && other.row_top) {
      require(&tensor, tensor.row_top->row_count() + tensor.row_top->skipped_count(),
              other.row_top->row_count() + other.row_top->skipped_count());
    }
    require(&tensor, tensor.channel_sums.value_count(), other.channel_sums.value_count());
    if (tensor.spread && other.spread) {
      require(&tensor, tensor.spread->value_count(), other.spread->value_count());
    }
  }
}

/// Throws Error unless `b` may be merged into `a`.
void require_mergeable(const StatisticsFile& a, const StatisticsFile& b, const std::string& file) {
  const auto same = [&](uint64_t mine, uint64_t theirs, const char* what) {
    if (mine == theirs) return;
    throw Error(fmt::format("was made from another {} (fingerprint {:016x}, the other files: "
                            "{:016x})",
                            what, theirs, mine),
                {.file = file});
  };
  same(a.model_fingerprint, b.model_fingerprint, "model");
  same(a.plan_fingerprint, b.plan_fingerprint, "plan of tensors to observe");
  for (const auto& [fingerprint, samples] : b.samples) {
    const auto mine = a.samples.find(fingerprint);
    if (mine != a.samples.end() && mine->second.overlaps(samples)) {
      throw Error("holds samples that were already counted: the same shard twice?", {.file = file});
    }
  }
  require_countable(a, b, file);
  if (a.tensors.size() != b.tensors.size()) {
    throw Error(fmt::format("holds {} tensors instead of {}", b.tensors.size(), a.tensors.size()),
                {.file = file});
  }
  for (size_t i = 0; i < a.tensors.size(); ++i) {
    const std::string what = difference(a.tensors[i], b.tensors[i]);
    if (!what.empty()) throw Error("has " + what, {.file = file, .tensor = a.tensors[i].name});
  }
}

/// What the shards of both see together, where that is more than both saw.
std::map<uint64_t, SampleSet> merged_whole(const StatisticsFile& a, const StatisticsFile& b) {
  std::map<uint64_t, SampleSet> all;
  for (const StatisticsFile* file : {&a, &b}) {
    for (const auto& [fingerprint, whole] : file->whole) all[fingerprint].unite(whole);
  }
  for (auto& [fingerprint, whole] : all) {
    for (const StatisticsFile* file : {&a, &b}) whole.unite(seen_of(*file, fingerprint));
  }
  std::erase_if(all, [&](const auto& data) {
    return data.second.count() == seen_of(a, data.first).count() + seen_of(b, data.first).count();
  });
  return all;
}

}  // namespace

uint64_t StatisticsFile::sample_count() const {
  uint64_t total = 0;
  for (const auto& [fingerprint, set] : samples) total = add_counts(total, set.count());
  return total;
}

std::map<uint64_t, SampleSet> StatisticsFile::missing() const {
  std::map<uint64_t, SampleSet> missing;
  for (const auto& [fingerprint, all] : whole) {
    missing[fingerprint] = all.without(seen_of(*this, fingerprint));
  }
  return missing;
}

void StatisticsFile::merge(const StatisticsFile& other, const std::string& other_file) {
  require_mergeable(*this, other, other_file);
  whole = merged_whole(*this, other);
  for (const auto& [fingerprint, set] : other.samples) samples[fingerprint].merge(set);
  for (size_t i = 0; i < tensors.size(); ++i) {
    merge_channels(tensors[i], other.tensors[i]);
    if (tensors[i].row_top) tensors[i].row_top->merge(*other.tensors[i].row_top);
    tensors[i].channel_sums.merge(other.tensors[i].channel_sums);
    if (tensors[i].spread) tensors[i].spread->merge(*other.tensors[i].spread);
  }
}

std::string serialize(const StatisticsFile& content) {
  WireWriter inner;
  encode_content(content, inner);
  if (content.whole.empty()) return wrap(kKind, 1, inner.bytes());
  encode_whole(content, inner);
  return wrap(kKind, kShardFormat, inner.bytes());
}

StatisticsFile parse_statistics(std::string_view bytes, const std::string& file) {
  const auto [format, inner] = unwrap(kKind, bytes, file);
  WireReader reader(inner, file);
  return decode_content(format, reader);
}

StatisticsFile read_statistics(const std::filesystem::path& path) {
  return parse_statistics(read_file(path), path.string());
}

void write_statistics(const std::filesystem::path& path, const StatisticsFile& content) {
  write_file(path, serialize(content));
}

}  // namespace rangefinder::statistics
