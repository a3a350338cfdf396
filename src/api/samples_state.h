#pragma once

#include <cstddef>

#include "rangefinder/samples.h"
#include "workflow/samples.h"

namespace rangefinder {

struct SampleSource::State {
  workflow::SampleInput input;
  /// Of next(): the sample of a list that comes next.
  size_t cursor = 0;
};

}  // namespace rangefinder
