#include "data/split.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <stdexcept>

namespace rangefinder::data {
namespace {

/// Without samples to spare, one in so many is held out.
constexpr size_t kHoldOutOneIn = 10;

/// `wanted` of begin..end-1, evenly spaced, each from the middle of its share.
std::vector<size_t> evenly_spaced(size_t begin, size_t end, size_t wanted) {
  std::vector<size_t> indices(wanted);
  for (size_t i = 0; i < wanted; ++i) {
    indices[i] = begin + ((2 * i + 1) * (end - begin)) / (2 * wanted);
  }
  return indices;
}

DataSplit split_at(size_t count, size_t limit, size_t most_held_out) {
  DataSplit split;
  for (size_t i = 0; i < limit; ++i) split.calibration.push_back(i);
  split.held_out = evenly_spaced(limit, count, std::min(count - limit, most_held_out));
  return split;
}

}  // namespace

DataSplit split_held_out(size_t count, std::optional<size_t> samples_limit, size_t most_held_out) {
  if (count == 0) throw std::invalid_argument("there are no samples to split");
  if (samples_limit == 0) throw std::invalid_argument("at least 1 sample is needed");
  if (samples_limit) return split_at(count, std::min(count, *samples_limit), most_held_out);
  if (count == 1 || most_held_out == 0) return split_at(count, count, 0);
  const size_t step =
      std::max(std::min(kHoldOutOneIn, count), (count + most_held_out - 1) / most_held_out);
  DataSplit split;
  for (size_t i = 0; i < count; ++i) {
    const bool held_out = i % step == step - 1;
    (held_out ? split.held_out : split.calibration).push_back(i);
  }
  return split;
}

Shard parse_shard(std::string_view text) {
  Shard shard;
  const char* const end = text.data() + text.size();
  const auto index = std::from_chars(text.data(), end, shard.index);
  const bool has_slash = index.ec == std::errc() && index.ptr != end && *index.ptr == '/';
  const auto count = has_slash ? std::from_chars(index.ptr + 1, end, shard.count) : index;
  if (!has_slash || count.ec != std::errc() || count.ptr != end || shard.index >= shard.count) {
    throw std::invalid_argument(fmt::format("shard '{}': K/N with 0 <= K < N is needed", text));
  }
  return shard;
}

std::vector<size_t> select_shard(const std::vector<size_t>& indices, const Shard& shard) {
  if (shard.index >= shard.count) {
    throw std::invalid_argument(
        fmt::format("there is no shard {} of {}", shard.index, shard.count));
  }
  std::vector<size_t> selected;
  for (size_t i = shard.index; i < indices.size(); i += shard.count) {
    selected.push_back(indices[i]);
  }
  return selected;
}

}  // namespace rangefinder::data
