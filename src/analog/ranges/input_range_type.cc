#include "analog/ranges/input_range_type.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <cmath>
#include <stdexcept>
#include <utility>
#include <vector>

#include "base/near_names.h"

namespace rangefinder::analog {
namespace {

constexpr std::array<std::pair<InputRangeType, std::string_view>, 7> kNames = {{
    {InputRangeType::kNone, "none"},
    {InputRangeType::kMax, "max"},
    {InputRangeType::kMovingStd, "moving-std"},
    {InputRangeType::kMovingQuantile, "moving-quantile"},
    {InputRangeType::kCacheQuantile, "cache-quantile"},
    {InputRangeType::kQuantile, "quantile"},
    {InputRangeType::kMse, "mse"},
}};

std::string plain(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '-' || c == '_') continue;
    result += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return result;
}

}  // namespace

InputRangeType parse_input_range_type(std::string_view text) {
  std::vector<std::string> known;
  for (const auto& [value, name] : kNames) {
    if (plain(name) == plain(text)) return value;
    known.emplace_back(name);
  }
  throw std::invalid_argument(fmt::format("unknown type '{}'; known: {}{}", text,
                                          fmt::join(known, ", "), did_you_mean(text, known)));
}

void require_options(InputRangeType type, const InputRangeOptions& options) {
  if (!(options.quantile > 0.0 && options.quantile <= 1.0)) {
    // People who say 99.995 mean 99.995 %.
    const bool is_percent = options.quantile > 1.0 && options.quantile <= 100.0;
    throw std::invalid_argument(fmt::format(
        "quantile is {}; allowed: above 0, up to 1{}", options.quantile,
        is_percent ? fmt::format("; {:.10g} for as many %", options.quantile / 100) : ""));
  }
  if (options.max_samples < 1) {
    throw std::invalid_argument(
        fmt::format("max_samples is {}; allowed: 1 or more", options.max_samples));
  }
  if (options.std_alpha && !(*options.std_alpha > 0.0 && std::isfinite(*options.std_alpha))) {
    throw std::invalid_argument(
        fmt::format("std_alpha is {}; allowed: above 0", *options.std_alpha));
  }
  const bool ours = type == InputRangeType::kQuantile || type == InputRangeType::kMse;
  if (ours && options.compatibility == Compatibility::kAihwkit) {
    throw std::invalid_argument(fmt::format(
        "type {} is not one of aihwkit's; leave out the compatibility mode", to_string(type)));
  }
}

}  // namespace rangefinder::analog

namespace rangefinder {

std::string to_string(InputRangeCalibrationType type) {
  for (const auto& [value, name] : analog::kNames) {
    if (value == type) return std::string(name);
  }
  throw std::invalid_argument("unknown enumerator");
}

InputRangeCalibrationType input_range_calibration_type(std::string_view name) {
  return analog::parse_input_range_type(name);
}

std::vector<MethodInfo> input_range_calibration_types() {
  return {{"max", "the largest |x| of all data", {}},
          {"moving-std", "the mean over calls of some standard deviations", {"std-alpha"}},
          {"moving-quantile", "the mean over calls of the quantile of |x|", {"quantile"}},
          {"cache-quantile",
           "the quantile of |x| over an even random sample of rows",
           {"quantile", "max-samples", "seed"}},
          {"quantile", "the quantile of |x| over all data", {"quantile"}},
          {"mse", "the smallest squared error of clipping and rounding", {}},
          {"none", "no ranges: everything stays as it is", {}}};
}

}  // namespace rangefinder
