#include "observers/observer.h"

#include <stdexcept>

namespace rangefinder::observers {

void Observer::begin_pass(size_t pass) {
  if (pass >= needs().raw_pass_count) {
    throw std::invalid_argument("The observer sees " + std::to_string(needs().raw_pass_count) +
                                " raw passes; pass " + std::to_string(pass) + " is too many.");
  }
}

void Observer::observe(const tensor::TensorView& /*batch*/) {
  throw std::invalid_argument("The observer works on statistics and sees no raw batches.");
}

void Observer::merge(const Observer& /*other*/) {
  if (needs().raw_pass_count == 0) return;  // keeps nothing
  throw std::invalid_argument("The observer cannot be merged: one worker must see all batches.");
}

double detail_or(const quantization::TensorQuantizationConfig& config, const std::string& name,
                 double option) {
  const auto found = config.detail.find(name);
  return found == config.detail.end() ? option : found->second;
}

quantization::Grid grid_of(const quantization::TensorQuantizationConfig& config) {
  return {config.quant_min, config.quant_max, config.is_symmetric(), config.is_power_of_2()};
}

}  // namespace rangefinder::observers
