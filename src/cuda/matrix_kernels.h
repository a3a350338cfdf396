#pragma once

// Counts the magnitudes in one slice of an analog layer's activation matrix, seen without building
// it (analog/activations/activation_matrix.h). For kernels.cu and the emulation.
//
// The matrix has a row for each window of a convolution, and holds each value as often as windows
// cover it: its weight, which the host knows from the shapes. Three things are found:
// 1. survey: the largest magnitude among the values that occur;
// 2. weigh: how often each key of a magnitude occurs. Zeros have no key: padding and dropped rows
// make
//    more of them or less, and the host knows how many there must be;
// 3. mark, then windows: how many windows see nothing but zeros. Their rows are dropped.

#include "cuda/lines.h"
#include "cuda/values.h"

namespace rangefinder::cuda {

/// Keys of magnitudes: the sign is 0.
inline constexpr uint32_t kMagnitudeKeys = kKeys / 2;
/// A block counts in shared memory so many octaves below the largest magnitude of the slice.
inline constexpr uint32_t kWeighOctaves = 24;
inline constexpr uint32_t kWeighKeys = kWeighOctaves * kBucketsPerOctave;

/// Values of a slice that occur: in each sample some neighbouring channels, of each a stretch. All
/// channels have the same weights.
struct CoverageArguments {
  const void* values;
  uint64_t samples;
  /// From one sample to the next.
  uint64_t sample_size;
  /// The first value in a sample.
  uint64_t offset;
  uint64_t channels;
  uint64_t channel_stride;
  /// The stretch.
  uint64_t length;
  /// One for each value of the stretch, 0 for those that do not occur; null: all are `uniform`.
  const uint32_t* weights;
  uint32_t uniform;
  /// Whether the weights of all values together fit 32 bits.
  uint32_t is_light;
  /// Bits of the largest magnitude in the slice, NaN and infinity included. Raised by the survey.
  uint32_t* largest;
  /// kMagnitudeKeys counters, to which the values are added.
  uint64_t* table;
};

/// How many pieces, each for one warp, the values are cut into.
RANGEFINDER_DEVICE uint64_t piece_count(const CoverageArguments& arguments) {
  return arguments.samples * arguments.channels * parts_of(arguments.length, kStretch);
}

struct WeighShared {
  uint32_t counts[kWeighKeys];
};

/// This thread's share of the values that occur.
template <class Machine, class Format>
class CoverageWalk {
 public:
  /// Calls take(bits of the magnitude, weight) for each.
  template <class Take>
  static RANGEFINDER_DEVICE void run(const CoverageArguments& arguments, const Take& take) {
    const uint64_t pieces = piece_count(arguments);
    const uint64_t parts = parts_of(arguments.length, kStretch);
    for (uint64_t i = warp_number<Machine>(); i < pieces; i += warp_total<Machine>()) {
      const uint64_t line = i / parts;
      const uint64_t begin = i % parts * kStretch;
      const uint64_t at = line / arguments.channels * arguments.sample_size + arguments.offset +
                          line % arguments.channels * arguments.channel_stride;
      walk(arguments, at, begin, take);
    }
  }

 private:
  template <class Take>
  static RANGEFINDER_DEVICE void walk(const CoverageArguments& arguments, uint64_t line,
                                      uint64_t begin, const Take& take) {
    const auto* values = static_cast<const typename Format::Stored*>(arguments.values) + line;
    const uint64_t rest = arguments.length - begin;
    const uint64_t end = begin + (rest < kStretch ? rest : kStretch);
    for (uint64_t i = begin + Machine::thread() % kWarp; i < end; i += kWarp) {
      const uint32_t weight =
          arguments.weights == nullptr ? arguments.uniform : arguments.weights[i];
      if (weight != 0) take(Format::bits(values[i]) & ~kSign, weight);
    }
  }
};

template <class Machine, class Format>
class SurveyKernel {
 public:
  static RANGEFINDER_DEVICE void run(const CoverageArguments& arguments) {
    uint32_t largest = 0;
    CoverageWalk<Machine, Format>::run(arguments, [&](uint32_t magnitude, uint32_t) {
      largest = magnitude > largest ? magnitude : largest;
    });
    largest = warp_max<Machine>(largest);
    if (Machine::thread() % kWarp == 0 && largest != 0) Machine::raise(arguments.largest, largest);
  }
};

template <class Machine, class Format>
class WeighKernel {
 public:
  /// After the survey, which found no NaN and no infinity.
  static RANGEFINDER_DEVICE void run(const CoverageArguments& arguments, WeighShared& shared) {
    WeighKernel kernel(arguments, shared);
    for (uint32_t i = Machine::thread(); i < kWeighKeys; i += Machine::threads()) {
      shared.counts[i] = 0;
    }
    Machine::barrier();
    CoverageWalk<Machine, Format>::run(arguments, [&](uint32_t magnitude, uint32_t weight) {
      if (magnitude != 0) kernel.take(magnitude >> kKeyShift, weight);
    });
    kernel.add();
    Machine::barrier();
    for (uint32_t i = Machine::thread(); i < kWeighKeys; i += Machine::threads()) {
      if (shared.counts[i] == 0) continue;
      Machine::add(&arguments.table[kernel.window_ + i], uint64_t{shared.counts[i]});
    }
  }

 private:
  RANGEFINDER_DEVICE WeighKernel(const CoverageArguments& arguments, WeighShared& shared)
      : arguments_(arguments), shared_(shared) {
    const uint32_t octaves = (*arguments.largest >> 23) + 1;
    window_ = octaves > kWeighOctaves ? (octaves - kWeighOctaves) * kBucketsPerOctave : 0;
  }

  /// Equal keys that follow each other are added at once, so that constant data does not wait.
  RANGEFINDER_DEVICE void take(uint32_t key, uint32_t weight) {
    if (key != key_) {
      add();
      key_ = key;
    }
    count_ += weight;
  }

  RANGEFINDER_DEVICE void add() {
    if (count_ == 0) return;
    const uint32_t place = key_ - window_;
    if (place < kWeighKeys && arguments_.is_light != 0) {
      Machine::add(&shared_.counts[place], static_cast<uint32_t>(count_));
    } else {
      Machine::add(&arguments_.table[key_], count_);
    }
    count_ = 0;
  }

  const CoverageArguments& arguments_;
  WeighShared& shared_;
  /// The first key that is counted in shared memory.
  uint32_t window_ = 0;
  uint32_t key_ = 0;
  uint64_t count_ = 0;
};

/// Along each of three axes, missing ones of size 1: how windows lie over the plane of a channel.
struct WindowShape {
  uint32_t input[3];
  uint32_t kernel[3];
  uint32_t stride[3];
  uint32_t dilation[3];
  uint32_t padding[3];
  uint32_t output[3];
};

struct WindowArguments {
  const void* values;
  uint64_t samples;
  uint64_t channels;
  uint64_t plane;
  WindowShape shape;
  /// samples * plane: 1 where a channel is not zero.
  uint8_t* marks;
  /// To which the number of windows without a mark is added.
  uint64_t* zero_windows;
};

template <class Machine, class Format>
class MarkPositionsKernel {
 public:
  static RANGEFINDER_DEVICE void run(const WindowArguments& arguments) {
    const auto* values = static_cast<const typename Format::Stored*>(arguments.values);
    const uint64_t threads = uint64_t{Machine::blocks()} * Machine::threads();
    const uint64_t positions = arguments.samples * arguments.plane;
    uint64_t i = uint64_t{Machine::block()} * Machine::threads() + Machine::thread();
    for (; i < positions; i += threads) {
      const uint64_t sample = i / arguments.plane;
      const auto* value =
          values + sample * arguments.channels * arguments.plane + (i - sample * arguments.plane);
      uint8_t mark = 0;
      // Nearly always the first channels tell.
      for (uint64_t c = 0; c < arguments.channels && mark == 0; ++c, value += arguments.plane) {
        mark = (Format::bits(*value) & ~kSign) != 0 ? 1 : 0;
      }
      arguments.marks[i] = mark;
    }
  }
};

template <class Machine>
class ZeroWindowsKernel {
 public:
  static RANGEFINDER_DEVICE void run(const WindowArguments& arguments) {
    const WindowShape& shape = arguments.shape;
    const uint64_t windows = uint64_t{shape.output[0]} * shape.output[1] * shape.output[2];
    const uint64_t threads = uint64_t{Machine::blocks()} * Machine::threads();
    const uint64_t total = arguments.samples * windows;
    uint64_t i = uint64_t{Machine::block()} * Machine::threads() + Machine::thread();
    uint64_t zeros = 0;
    for (; i < total; i += threads) {
      const uint64_t sample = i / windows;
      const uint64_t window = i - sample * windows;
      if (is_zero(shape, arguments.marks + sample * arguments.plane, window)) ++zeros;
    }
    zeros = warp_sum<Machine>(zeros);
    if (Machine::thread() % kWarp == 0 && zeros != 0) Machine::add(arguments.zero_windows, zeros);
  }

 private:
  static RANGEFINDER_DEVICE bool is_zero(const WindowShape& shape, const uint8_t* marks,
                                         uint64_t window) {
    const auto last = static_cast<uint32_t>(window % shape.output[2]);
    const auto rest = static_cast<uint32_t>(window / shape.output[2]);
    const uint32_t first = rest / shape.output[1];
    const uint32_t middle = rest % shape.output[1];
    for (uint32_t a = 0; a < shape.kernel[0]; ++a) {
      const uint32_t x = position(shape, 0, first, a);
      if (x >= shape.input[0]) continue;
      for (uint32_t b = 0; b < shape.kernel[1]; ++b) {
        const uint32_t y = position(shape, 1, middle, b);
        if (y >= shape.input[1]) continue;
        for (uint32_t c = 0; c < shape.kernel[2]; ++c) {
          const uint32_t z = position(shape, 2, last, c);
          if (z >= shape.input[2]) continue;
          if (marks[(uint64_t{x} * shape.input[1] + y) * shape.input[2] + z] != 0) return false;
        }
      }
    }
    return true;
  }

  /// Beyond the input in the padding: before it the difference wraps around.
  static RANGEFINDER_DEVICE uint32_t position(const WindowShape& shape, uint32_t axis,
                                              uint32_t window, uint32_t kernel) {
    return window * shape.stride[axis] + kernel * shape.dilation[axis] - shape.padding[axis];
  }
};

}  // namespace rangefinder::cuda
