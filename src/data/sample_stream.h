#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "data/tensor_header.h"
#include "tensor/tensor.h"

namespace rangefinder::data {

/// Samples that somebody yields one after another; how many will be known at the end.
struct SampleStream {
  /// The next sample, or nothing at the end. Called by one thread at a time.
  std::function<std::optional<tensor::NamedTensors>()> next = {};
  /// Starts the same samples anew; empty if they pass by only once.
  std::function<void()> rewind = {};
  /// A stream that goes on beyond this without a limit is taken for endless.
  uint64_t endless_after = 1'000'000;
  /// Lets a check see each sample's headers before memory is taken for it; empty if that cannot be.
  std::function<void(HeaderCheck)> check_with = {};
};

}  // namespace rangefinder::data
