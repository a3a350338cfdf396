#pragma once

#include <cstdint>

namespace rangefinder::engine {

/// What this process has handed to ONNX Runtime so far: tests and benchmarks take the difference
/// before and after, so that no model passes through it more often, or with more bytes, than it
/// did.
struct WorkCounts {
  uint64_t sessions = 0;
  /// Bytes of messages: weights in files, which are mapped, do not count.
  uint64_t model_bytes = 0;
  /// Bytes that ONNX Runtime wrote of optimized models, weights included.
  uint64_t saved_bytes = 0;
  /// Samples that a session was run on.
  uint64_t runs = 0;
};

/// Of all threads together.
WorkCounts work_counts();

void count_session(uint64_t model_bytes);
void count_saved(uint64_t bytes);
void count_run();

}  // namespace rangefinder::engine
