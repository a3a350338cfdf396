#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "analog/activations/coverage.h"
#include "analog/activations/patch_geometry.h"

namespace rangefinder::analog {

/// Elements of a slice that lie side by side in memory: positions x lanes. The lanes of a position
/// - neighbouring channels in a blocked layout, else one - occur equally often.
struct ElementRun {
  const float* values;
  size_t positions;
  size_t lanes;
  /// Occurrences, one for each position; null where all are `uniform`. Elements with 0 occurrences
  /// are not entries.
  const uint32_t* weights;
  uint32_t uniform;

  size_t length() const { return positions * lanes; }
  std::span<const float> span() const { return {values, length()}; }
  uint32_t weight(size_t i) const { return weights == nullptr ? uniform : weights[i / lanes]; }
};

/// Where a run lies in one sample.
struct RunPlace {
  /// Of the first element, in memory.
  size_t offset = 0;
  size_t positions = 0;
  /// A power of two.
  size_t lanes = 1;
  /// From one position to the next; beyond `lanes`, what lies between belongs to other slices or is
  /// padding.
  size_t stride = 1;
  /// Which block of the coverage tells the occurrences.
  size_t block = 0;

  bool operator==(const RunPlace&) const = default;
};

/// Elements of one sample in memory: with blocks of channels the last one is filled up.
size_t stored_size(const PatchGeometry& geometry, int64_t channel_block);

/// The runs of one sample that hold the elements of `coverage`, if channels lie in memory as
/// [ceil(channels / channel_block)][plane][channel_block]; 1 is row-major, and it is a power of
/// two. Runs are as long as possible, but those with gaps are cut into lanes of a power of two.
std::vector<RunPlace> sample_runs(const PatchGeometry& geometry,
                                  std::span<const CoverageBlock> coverage, int64_t channel_block);

/// Zeros of either sign and nothing else: by bits, also where a thread treats subnormals as zero.
bool all_zero(std::span<const float> values);

/// Copies the first `lanes`, a power of two, of every `stride` values.
void gather(const float* values, size_t stride, size_t positions, size_t lanes, float* target);

}  // namespace rangefinder::analog
