#include "workflow/listed.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

namespace rangefinder::workflow {
namespace {

constexpr size_t kMostNamed = 8;

template <typename Item>
std::string first_of(std::span<const Item> items) {
  const auto named = items.first(std::min(items.size(), kMostNamed));
  std::string text = fmt::format("{}", fmt::join(named.begin(), named.end(), ", "));
  if (named.size() < items.size()) {
    text += fmt::format(" and {} more", items.size() - named.size());
  }
  return text;
}

}  // namespace

std::string listed(std::span<const std::string> items) { return first_of(items); }

std::string listed(std::span<const uint64_t> numbers) { return first_of(numbers); }

std::string listed(const statistics::SampleSet& samples) {
  std::vector<std::string> runs;
  for (const auto& [first, last] : samples.runs()) {
    runs.push_back(first == last ? fmt::to_string(first) : fmt::format("{}-{}", first, last));
  }
  return listed(runs);
}

}  // namespace rangefinder::workflow
