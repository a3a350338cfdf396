#include "refine/bisect.h"

#include <algorithm>

namespace rangefinder::refine {
namespace {

/// Steps as long as this share of the whole are what an expectation is off by, more or less.
constexpr size_t kStepShare = 32;

}  // namespace

Bisection bisect(size_t total, const std::function<bool(size_t count)>& is_enough,
                 std::optional<size_t> expected) {
  if (total == 0) return {};
  Bisection result{.count = total};
  ++result.tries;
  if (is_enough(0)) return {.count = 0, .tries = result.tries};
  size_t too_few = 0;
  const auto ask = [&](size_t count) {
    ++result.tries;
    const bool is_answer = is_enough(count);
    (is_answer ? result.count : too_few) = count;
    return is_answer;
  };
  if (expected && total > 1) {
    const size_t start = std::clamp<size_t>(*expected, 1, total - 1);
    const bool goes_down = ask(start);
    size_t at = start;
    for (size_t step = std::max<size_t>(1, total / kStepShare);; step *= 2) {
      if (goes_down ? at <= step : total - at <= step) break;
      at = goes_down ? at - step : at + step;
      if (ask(at) != goes_down) break;
    }
  }
  while (result.count - too_few > 1) ask(too_few + (result.count - too_few) / 2);
  return result;
}

}  // namespace rangefinder::refine
