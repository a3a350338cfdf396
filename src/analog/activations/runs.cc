#include "analog/activations/runs.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace rangefinder::analog {
namespace {

/// Channels [first, last) that a block of the coverage names, and where in each its elements begin.
struct Channels {
  int64_t first;
  int64_t last;
  int64_t position;
  int64_t length;
};

Channels channels_of(const PatchGeometry& geometry, const CoverageBlock& block) {
  const int64_t plane = geometry.plane();
  const int64_t first = block.offset / plane;
  // Channels without a gap between them read as one long channel.
  const int64_t joined = std::max<int64_t>(1, block.length / plane);
  return {first, first + block.channels * joined, block.offset % plane, block.length / joined};
}

/// Whether `next` goes on where `run` ends, with all that lies between.
bool continues(const RunPlace& run, const RunPlace& next) {
  return run.block == next.block && run.lanes == run.stride && next.lanes == next.stride &&
         run.lanes == next.lanes && run.offset + run.positions * run.stride == next.offset;
}

/// With a number of lanes that is known when compiling a position is one load and one store.
template <size_t kLanes>
void gather_lanes(const float* values, size_t stride, size_t positions, float* target) {
  for (size_t i = 0; i < positions; ++i) {
    std::memcpy(target + i * kLanes, values + i * stride, kLanes * sizeof(float));
  }
}

}  // namespace

size_t stored_size(const PatchGeometry& geometry, int64_t channel_block) {
  const int64_t blocks = (geometry.channels + channel_block - 1) / channel_block;
  return static_cast<size_t>(blocks * channel_block * geometry.plane());
}

std::vector<RunPlace> sample_runs(const PatchGeometry& geometry,
                                  std::span<const CoverageBlock> coverage, int64_t channel_block) {
  std::vector<RunPlace> runs;
  for (size_t i = 0; i < coverage.size(); ++i) {
    const Channels channels = channels_of(geometry, coverage[i]);
    for (int64_t channel = channels.first; channel < channels.last;) {
      const int64_t lane = channel % channel_block;
      const int64_t rest = std::min(channel_block - lane, channels.last - channel);
      const auto lanes = static_cast<int64_t>(std::bit_floor(static_cast<uint64_t>(rest)));
      const int64_t begin = (channel / channel_block) * geometry.plane() + channels.position;
      const RunPlace run = {static_cast<size_t>(begin * channel_block + lane),
                            static_cast<size_t>(channels.length), static_cast<size_t>(lanes),
                            static_cast<size_t>(channel_block), i};
      const bool joins = coverage[i].uniform != 0 && !runs.empty() && continues(runs.back(), run);
      joins ? void(runs.back().positions += run.positions) : runs.push_back(run);
      channel += lanes;
    }
  }
  return runs;
}

bool all_zero(std::span<const float> values) {
  return std::all_of(values.begin(), values.end(),
                     [](float x) { return std::bit_cast<uint32_t>(x) << 1 == 0; });
}

void gather(const float* values, size_t stride, size_t positions, size_t lanes, float* target) {
  switch (lanes) {
    case 1:
      return gather_lanes<1>(values, stride, positions, target);
    case 2:
      return gather_lanes<2>(values, stride, positions, target);
    case 4:
      return gather_lanes<4>(values, stride, positions, target);
    case 8:
      return gather_lanes<8>(values, stride, positions, target);
    default:
      for (size_t i = 0; i < positions; ++i) {
        std::copy_n(values + i * stride, lanes, target + i * lanes);
      }
  }
}

}  // namespace rangefinder::analog
