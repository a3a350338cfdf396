#pragma once

#include <cstdint>

namespace rangefinder {

/// The largest resident memory this process has had so far.
uint64_t peak_memory_bytes();

/// Gives memory that was freed, but is kept for later, back to the system: after a phase that needs
/// much, before one that needs it in other places. Nothing where the allocator cannot do that.
void return_free_memory();

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
