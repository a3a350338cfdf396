#pragma once

// Counts all values of a tensor by their keys. For kernels.cu and the emulation.
//
// Each block counts into a window of shared memory: of each sign the octaves below the largest
// value that the block saw first, and one above. That is where nearly all values of a tensor lie;
// a value outside is counted straight in the tensor's table. The window is a matter of speed alone.
//
// Equal values would wait for each other at one counter, so
// - zeros are counted in a register, as on the CPU;
// - each thread keeps a hot key, the count of which stays in a register as long as it comes up
//   often: constant and saturated data touch memory once per thread.

#include "cuda/values.h"

namespace rangefinder::cuda {

struct CountArguments {
  const void* values;
  /// At most 2^31.
  uint64_t size;
  /// kKeys counters; null: only the record is made.
  uint32_t* table;
  BatchRecord* record;
};

inline constexpr uint32_t kWindowOctaves = 24;
inline constexpr uint32_t kWindowKeys = kWindowOctaves * kBucketsPerOctave;
inline constexpr uint32_t kVectorBytes = 16;
/// Bytes of values, widened to float32, that a thread loads before it counts: enough to hide the
/// way to memory, and few enough for its registers.
inline constexpr uint32_t kLoadedBytes = 64;
/// A hot key that comes up less often in one such load gives way.
inline constexpr uint32_t kWorthKeeping = 2;

struct CountShared {
  /// Positive keys of the window, then negative ones.
  uint32_t counts[2 * kWindowKeys];
  uint32_t largest;
};

template <class Machine, class Format>
class CountKernel {
 public:
  static RANGEFINDER_DEVICE void run(const CountArguments& arguments, CountShared& shared) {
    CountKernel kernel(arguments, shared);
    kernel.clear();
    kernel.place_window();
    kernel.sweep();
    kernel.finish();
  }

 private:
  using Stored = typename Format::Stored;
  static constexpr uint32_t kPerVector = kVectorBytes / sizeof(Stored);
  static constexpr uint32_t kUnrolled = kLoadedBytes / (kPerVector * sizeof(float));
  static constexpr uint32_t kNoKey = kKeys;

  RANGEFINDER_DEVICE CountKernel(const CountArguments& arguments, CountShared& shared)
      : arguments_(arguments),
        shared_(shared),
        values_(static_cast<const Stored*>(arguments.values)),
        thread_(uint64_t{Machine::block()} * Machine::threads() + Machine::thread()),
        threads_(uint64_t{Machine::blocks()} * Machine::threads()) {
    const uint64_t past = (reinterpret_cast<uint64_t>(values_) % kVectorBytes) / sizeof(Stored);
    head_ = past == 0 ? 0 : kPerVector - past;
    if (head_ > arguments.size) head_ = arguments.size;
    vectors_ = (arguments.size - head_) / kPerVector;
  }

  RANGEFINDER_DEVICE void clear() {
    for (uint32_t i = Machine::thread(); i < 2 * kWindowKeys; i += Machine::threads()) {
      shared_.counts[i] = 0;
    }
    if (Machine::thread() == 0) shared_.largest = 0;
    Machine::barrier();
  }

  /// By the first values of this block's threads.
  RANGEFINDER_DEVICE void place_window() {
    uint32_t largest = 0;
    if (thread_ < vectors_) {
      const auto vector = Machine::load(values_ + head_ + thread_ * kPerVector);
      for (uint32_t i = 0; i < kPerVector; ++i) {
        const uint32_t magnitude = bits(vector, i) & ~kSign;
        if (magnitude < kInfinity && magnitude > largest) largest = magnitude;
      }
    }
    largest = warp_max<Machine>(largest);
    if (Machine::thread() % kWarp == 0) Machine::raise(&shared_.largest, largest);
    Machine::barrier();
    const uint32_t octave_behind = (shared_.largest >> 23) + 2;
    window_ =
        octave_behind > kWindowOctaves ? (octave_behind - kWindowOctaves) * kBucketsPerOctave : 0;
  }

  RANGEFINDER_DEVICE void sweep() {
    uint64_t vector = thread_;
    for (; vector + (kUnrolled - 1) * threads_ < vectors_; vector += kUnrolled * threads_) {
      sweep_tile(vector, kUnrolled);
    }
    for (; vector < vectors_; vector += threads_) sweep_tile(vector, 1);
    const uint64_t tail = head_ + vectors_ * kPerVector;
    if (thread_ < head_) count(Format::bits(values_[thread_]));
    // A block has more threads than a vector has values.
    if (tail + thread_ < arguments_.size) count(Format::bits(values_[tail + thread_]));
  }

  RANGEFINDER_DEVICE void sweep_tile(uint64_t first, uint32_t vectors) {
    typename Machine::Vector loaded[kUnrolled];
    RANGEFINDER_UNROLL
    for (uint32_t i = 0; i < kUnrolled; ++i) {
      if (i >= vectors) break;
      loaded[i] = Machine::load(values_ + head_ + (first + i * threads_) * kPerVector);
    }
    const uint32_t before = hot_count_;
    RANGEFINDER_UNROLL
    for (uint32_t i = 0; i < kUnrolled; ++i) {
      if (i >= vectors) break;
      count_vector(loaded[i]);
    }
    if (hot_count_ - before < kWorthKeeping) change_hot_key(bits(loaded[0], 0) >> kKeyShift);
  }

  static RANGEFINDER_DEVICE uint32_t bits(const typename Machine::Vector& vector, uint32_t i) {
    if constexpr (sizeof(Stored) == sizeof(uint32_t)) {
      return Format::bits(vector.words[i]);
    } else {
      return Format::bits(static_cast<Stored>(vector.words[i / 2] >> (i % 2 * 16)));
    }
  }

  /// Branches are for what is rare: NaN, infinity and values outside the window.
  RANGEFINDER_DEVICE void count_vector(const typename Machine::Vector& vector) {
    uint32_t all[kPerVector];
    uint32_t largest = 0;
    RANGEFINDER_UNROLL
    for (uint32_t i = 0; i < kPerVector; ++i) {
      all[i] = bits(vector, i);
      const uint32_t magnitude = all[i] & ~kSign;
      largest = magnitude > largest ? magnitude : largest;
    }
    if (largest >= kInfinity) {
      RANGEFINDER_UNROLL
      for (uint32_t i = 0; i < kPerVector; ++i) count(all[i]);
      return;
    }
    bool is_any_outside = false;
    RANGEFINDER_UNROLL
    for (uint32_t i = 0; i < kPerVector; ++i) is_any_outside |= !count_inside(all[i]);
    if (!is_any_outside) return;
    RANGEFINDER_UNROLL
    for (uint32_t i = 0; i < kPerVector; ++i) count_outside(all[i]);
  }

  /// Of a finite value; whether it is done with.
  RANGEFINDER_DEVICE bool count_inside(uint32_t bits) {
    const bool is_counted = found_.take_finite(bits);
    const bool is_hot = bits >> kKeyShift == hot_;
    hot_count_ += is_hot ? 1 : 0;
    const uint32_t place = place_of(bits);
    const bool is_inside = place < kWindowKeys;
    if (is_counted && !is_hot && is_inside) {
      Machine::add(&shared_.counts[place + (bits >> 31) * kWindowKeys], 1);
    }
    return !is_counted || is_hot || is_inside;
  }

  /// What count_inside() left over.
  RANGEFINDER_DEVICE void count_outside(uint32_t bits) {
    const uint32_t key = bits >> kKeyShift;
    if ((bits & ~kSign) == 0 || key == hot_ || place_of(bits) < kWindowKeys) return;
    add(key, 1);
  }

  RANGEFINDER_DEVICE void count(uint32_t bits) {
    if (found_.take(bits)) add(bits >> kKeyShift, 1);
  }

  /// In the window; beyond its size if it is outside.
  RANGEFINDER_DEVICE uint32_t place_of(uint32_t bits) const {
    return ((bits & ~kSign) >> kKeyShift) - window_;
  }

  RANGEFINDER_DEVICE void change_hot_key(uint32_t key) {
    if (hot_count_ != 0) add(hot_, hot_count_);
    hot_count_ = 0;
    // Those that a zero has are never hot.
    hot_ = key % (kKeys / 2) == 0 ? kNoKey : key;
  }

  RANGEFINDER_DEVICE void add(uint32_t key, uint32_t times) {
    constexpr uint32_t kKeysPerSign = kKeys / 2;
    const uint32_t place = key % kKeysPerSign - window_;
    if (place < kWindowKeys) {
      Machine::add(&shared_.counts[place + (key / kKeysPerSign) * kWindowKeys], times);
    } else if (arguments_.table != nullptr) {
      Machine::add(&arguments_.table[key], times);
    }
  }

  RANGEFINDER_DEVICE void finish() {
    change_hot_key(0);
    record_warp<Machine>(found_, arguments_.record);
    Machine::barrier();
    if (arguments_.table == nullptr) return;
    for (uint32_t i = Machine::thread(); i < 2 * kWindowKeys; i += Machine::threads()) {
      const uint32_t count = shared_.counts[i];
      if (count == 0) continue;
      const uint32_t sign = i / kWindowKeys;
      Machine::add(&arguments_.table[sign * (kKeys / 2) + window_ + i % kWindowKeys], count);
    }
  }

  const CountArguments& arguments_;
  CountShared& shared_;
  const Stored* values_;
  /// This thread's number in the grid, and how many there are.
  uint64_t thread_;
  uint64_t threads_;
  /// Values before the first whole vector, and whole vectors.
  uint64_t head_ = 0;
  uint64_t vectors_ = 0;
  /// The window's first key, without the sign.
  uint32_t window_ = 0;
  Sweep found_ = {};
  uint32_t hot_ = kNoKey;
  uint32_t hot_count_ = 0;
};

}  // namespace rangefinder::cuda
