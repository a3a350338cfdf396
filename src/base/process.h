#pragma once

#include <cstdint>

namespace rangefinder {

/// The largest resident memory this process has had so far.
uint64_t peak_memory_bytes();

/// Seconds of wall-clock time since it was made.
class Stopwatch {
 public:
  Stopwatch();
  double seconds() const;
  /// Seconds so far; starts again from zero.
  double lap();

 private:
  int64_t start_ns_;
};

}  // namespace rangefinder
