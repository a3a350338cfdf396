#include "refine/bisect.h"

namespace rangefinder::refine {

Bisection bisect(size_t total, const std::function<bool(size_t count)>& is_enough) {
  if (total == 0) return {};
  Bisection result{.count = total};
  ++result.tries;
  if (is_enough(0)) return {.count = 0, .tries = result.tries};
  size_t too_few = 0;
  while (result.count - too_few > 1) {
    const size_t middle = too_few + (result.count - too_few) / 2;
    ++result.tries;
    (is_enough(middle) ? result.count : too_few) = middle;
  }
  return result;
}

}  // namespace rangefinder::refine
