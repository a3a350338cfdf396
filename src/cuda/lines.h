#pragma once

// How warps walk through a tensor whose channels are told apart. For kernels.cu and the emulation.
//
// The work is cut into units, each for one warp, so that no thread meets more than one channel in
// one unit. Where a channel has a warp's width of neighbouring values, a unit is a stretch of one
// channel and the threads stand side by side in it. Otherwise a unit is 32 columns of the matrix
// [rows][channels * inner], and each thread walks down its own.

#include "cuda/values.h"

namespace rangefinder::cuda {

/// Memory order: [entries][rows][channels][inner].
struct LineShape {
  uint64_t entries;
  uint64_t rows;
  uint64_t channels;
  uint64_t inner;
};

/// What one thread reads in one unit: `count` values, `stride` apart; the warp takes `steps` steps.
struct Line {
  uint64_t entry;
  uint64_t channel;
  uint64_t first;
  uint64_t stride;
  uint32_t count;
  uint32_t steps;
};

/// Values of one channel in a unit, and rows of a column.
inline constexpr uint32_t kStretch = 4096;
inline constexpr uint32_t kColumnRows = 128;

RANGEFINDER_DEVICE uint64_t parts_of(uint64_t size, uint64_t part) {
  return (size + part - 1) / part;
}

RANGEFINDER_DEVICE bool has_stretches(const LineShape& shape) { return shape.inner >= kWarp; }

RANGEFINDER_DEVICE uint64_t unit_count(const LineShape& shape) {
  if (has_stretches(shape)) {
    return shape.entries * shape.rows * shape.channels * parts_of(shape.inner, kStretch);
  }
  return shape.entries * parts_of(shape.rows, kColumnRows) *
         parts_of(shape.channels * shape.inner, kWarp);
}

RANGEFINDER_DEVICE Line stretch_line(const LineShape& shape, uint64_t unit, uint32_t lane) {
  const uint64_t parts = parts_of(shape.inner, kStretch);
  const uint64_t plane = unit / parts;
  const uint64_t begin = unit % parts * kStretch;
  const uint64_t rest = shape.inner - begin;
  const uint32_t size = rest < kStretch ? static_cast<uint32_t>(rest) : kStretch;
  Line line;
  line.entry = plane / (shape.channels * shape.rows);
  line.channel = plane % shape.channels;
  line.first = plane * shape.inner + begin + lane;
  line.stride = kWarp;
  line.count = lane < size ? (size - lane + kWarp - 1) / kWarp : 0;
  line.steps = (size + kWarp - 1) / kWarp;
  return line;
}

RANGEFINDER_DEVICE Line column_line(const LineShape& shape, uint64_t unit, uint32_t lane) {
  const uint64_t columns = shape.channels * shape.inner;
  const uint64_t tiles = parts_of(columns, kWarp);
  const uint64_t parts = parts_of(shape.rows, kColumnRows);
  const uint64_t column = unit % tiles * kWarp + lane;
  const uint64_t row = unit / tiles % parts * kColumnRows;
  const uint64_t rest = shape.rows - row;
  Line line;
  line.entry = unit / tiles / parts;
  line.channel = column < columns ? column / shape.inner : 0;
  line.first = (line.entry * shape.rows + row) * columns + column;
  line.stride = columns;
  line.steps = rest < kColumnRows ? static_cast<uint32_t>(rest) : kColumnRows;
  line.count = column < columns ? line.steps : 0;
  return line;
}

RANGEFINDER_DEVICE Line line_of(const LineShape& shape, uint64_t unit, uint32_t lane) {
  return has_stretches(shape) ? stretch_line(shape, unit, lane) : column_line(shape, unit, lane);
}

/// This warp's number in the grid, and how many there are.
template <class Machine>
RANGEFINDER_DEVICE uint64_t warp_number() {
  return uint64_t{Machine::block()} * (Machine::threads() / kWarp) + Machine::thread() / kWarp;
}
template <class Machine>
RANGEFINDER_DEVICE uint64_t warp_total() {
  return uint64_t{Machine::blocks()} * (Machine::threads() / kWarp);
}

}  // namespace rangefinder::cuda
