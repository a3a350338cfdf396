#include "analysis/tensor_error.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "quantization/error_metrics.h"
#include "search/density.h"
#include "search/mse.h"

namespace rangefinder::analysis {
namespace {

/// How many of a bucket's values lie outside [min, max], spread evenly over the bucket.
double outside(const statistics::Bucket& bucket, double min, double max) {
  const auto count = static_cast<double>(bucket.count);
  const double width = bucket.upper - bucket.lower;
  if (width == 0) return bucket.lower < min || bucket.lower > max ? count : 0;
  const double inside = std::min(bucket.upper, max) - std::max(bucket.lower, min);
  return count * (1 - std::clamp(inside / width, 0.0, 1.0));
}

}  // namespace

TensorError tensor_error(const statistics::TensorStatistics& statistics,
                         const quantization::TensorQuantizationConfig& config) {
  if (config.scale.size() != 1 || config.offset.size() != 1) {
    throw std::invalid_argument("the error of a tensor needs one scale and one offset");
  }
  TensorError result;
  const auto count = static_cast<double>(statistics.histogram.count());
  if (count == 0) return result;
  const double scale = config.scale[0];
  const auto border = [&](int64_t code, double extra) {
    return (static_cast<double>(code - config.offset[0]) + extra) * scale;
  };
  double clipped = 0;
  for (const auto& bucket : statistics.histogram.buckets()) {
    // Extremes are exact: a bucket at the end holds nothing beyond them.
    statistics::Bucket trimmed = bucket;
    trimmed.lower = std::max<double>(bucket.lower, statistics.extrema.min);
    trimmed.upper = std::min<double>(bucket.upper, statistics.extrema.max);
    clipped += outside(trimmed, border(config.quant_min, -0.5), border(config.quant_max, 0.5));
  }
  result.clipped_share = clipped / count;
  const quantization::Grid grid{config.quant_min, config.quant_max, config.is_symmetric(),
                                config.is_power_of_2()};
  quantization::check_grid(grid);
  const auto density = search::density_of(statistics);
  if (!density || density->all_zero()) return result;
  // Its tables take more time than what they are asked for.
  const search::SquaredError error(*density);
  const double noise = error({config.scale[0], config.offset[0]}, grid) / density->count();
  result.sqnr_db = quantization::decibels(error.square_sum() / count, noise);
  return result;
}

}  // namespace rangefinder::analysis
