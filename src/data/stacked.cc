#include "data/stacked.h"

#include <algorithm>
#include <span>

namespace rangefinder::data {
namespace {

bool fits(std::span<const int64_t> array, std::span<const int64_t> input) {
  return std::ranges::equal(
      array, input, [](int64_t found, int64_t wanted) { return wanted < 0 || found == wanted; });
}

}  // namespace

std::optional<Stack> stack_of(const tensor::Shape& array,
                              const std::optional<tensor::Shape>& input) {
  if (!input || array.empty() || fits(array, *input)) return std::nullopt;
  const std::span<const int64_t> inner = std::span(array).subspan(1);
  const auto count = static_cast<uint64_t>(array.front());
  if (fits(inner, *input)) return Stack{count, {inner.begin(), inner.end()}};
  if (input->empty() || !fits(inner, std::span(*input).subspan(1))) return std::nullopt;
  const int64_t rows = input->front();
  if (rows < 1 || array.front() % rows != 0 || array.front() / rows < 2) return std::nullopt;
  Stack stack{static_cast<uint64_t>(array.front() / rows), array};
  stack.sample.front() = rows;
  return stack;
}

}  // namespace rangefinder::data
