#include "statistics/counts.h"

#include <fmt/format.h>

#include "base/error.h"

namespace rangefinder::statistics {

uint64_t add_counts(uint64_t a, uint64_t b) {
  if (a > kMostCounted || b > kMostCounted - a) {
    throw Error(fmt::format("counts {} and {}, together more than {}", a, b, kMostCounted));
  }
  return a + b;
}

}  // namespace rangefinder::statistics
