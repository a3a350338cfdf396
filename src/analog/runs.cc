#include "analog/runs.h"

#include <algorithm>

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
      const int64_t lanes = std::min(channel_block - lane, channels.last - channel);
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

}  // namespace rangefinder::analog
