#include "analog/ranges/range_method.h"

#include <stdexcept>

#include "analog/ranges/cache_range.h"
#include "analog/ranges/histogram_range.h"
#include "analog/ranges/max_range.h"
#include "analog/ranges/moving_range.h"

namespace rangefinder::analog {

void RangeMethod::add_counted(std::span<const MagnitudeHistogram>) {
  throw std::invalid_argument("counts do not tell the ranges of this type");
}

std::unique_ptr<RangeMethod> make_range_method(InputRangeType type,
                                               const InputRangeOptions& options,
                                               const RpuConfig& config, size_t slice_count) {
  require_options(type, options);
  const double alpha = options.std_alpha.value_or(config.pre_post.input_range.init_std_alpha);
  switch (type) {
    case InputRangeType::kMax:
      return std::make_unique<MaxRange>(slice_count, options.compatibility);
    case InputRangeType::kMovingStd:
      return std::make_unique<MovingRange>(moving_standard_deviation(alpha, options.compatibility),
                                           options.compatibility);
    case InputRangeType::kMovingQuantile:
      return std::make_unique<MovingRange>(moving_quantile(options.quantile, options.compatibility),
                                           options.compatibility);
    case InputRangeType::kCacheQuantile:
      return make_cache_range(options);
    case InputRangeType::kQuantile:
      return std::make_unique<HistogramRange>(slice_count, histogram_quantile(options.quantile));
    case InputRangeType::kMse:
      return std::make_unique<HistogramRange>(slice_count,
                                              least_squared_error(config.forward.inp_res));
    case InputRangeType::kNone:
      break;
  }
  throw std::invalid_argument("type none finds no ranges");
}

void require_finite(uint32_t magnitude_bits) {
  if (magnitude_bits >= 0x7f800000u) {
    throw std::domain_error("NaN or infinity among the activations");
  }
}

}  // namespace rangefinder::analog
