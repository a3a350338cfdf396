#include "observers/known_bounds.h"

#include <algorithm>
#include <array>

#include "search/minmax.h"

namespace rangefinder::observers {
namespace {

/// In alphabetical order. minmax clips nothing, isotone what its rows allow, and what somebody else
/// wrote is his.
constexpr std::array<std::string_view, 6> kClippingMethods = {
    "kl", "mean-minmax", "mean-percentile", "mse", "percentile", "std"};

}  // namespace

bool may_clip(std::string_view method) {
  return std::find(kClippingMethods.begin(), kClippingMethods.end(), method) !=
         kClippingMethods.end();
}

void keep_seen(std::string_view method, const quantization::Range& bounds,
               const Observations& observations,
               const quantization::TensorQuantizationConfig& config, Solution& solution) {
  if (!may_clip(method) || config.is_floating()) return;
  if (observations.channels.size() != solution.parameters.size()) return;
  for (size_t c = 0; c < solution.parameters.size(); ++c) {
    const auto all = search::minmax(observations.channels[c], grid_of(config));
    if (all) solution.parameters[c] = *all;
  }
  solution.figures["known_min"] = bounds.min;
  solution.figures["known_max"] = bounds.max;
}

}  // namespace rangefinder::observers
