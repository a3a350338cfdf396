#include "report/range_study.h"

#include <array>
#include <cmath>
#include <span>
#include <stdexcept>

#include "analysis/tensor_error.h"
#include "base/error.h"
#include "observers/calibrate.h"
#include "quantization/affine.h"
#include "quantization/error_metrics.h"
#include "search/density.h"
#include "search/mse.h"

namespace rangefinder::report {
namespace {

using quantization::TensorQuantizationConfig;
using statistics::TensorStatistics;

constexpr std::array kMethods = {"minmax", "percentile", "kl", "mse"};
constexpr int kPointsPerOctave = 4;
constexpr int kOctaves = 8;

std::optional<RangeChoice> choice_of(const char* method, const TensorStatistics& statistics,
                                     TensorQuantizationConfig config) {
  try {
    observers::calibrate(method, {}, std::span(&statistics, 1), config);
  } catch (const Error&) {
    return std::nullopt;
  } catch (const std::invalid_argument&) {
    return std::nullopt;
  }
  const auto range =
      quantization::covered_range({config.scale[0], config.offset[0]}, observers::grid_of(config));
  const auto error = analysis::tensor_error(statistics, config);
  return RangeChoice{method, range.min, range.max, error.sqnr_db, error.clipped_share};
}

std::vector<ClipPoint> clip_curve(const TensorStatistics& statistics,
                                  const quantization::Grid& grid) {
  std::vector<ClipPoint> curve;
  const auto density = search::density_of(statistics);
  if (!density || density->all_zero()) return curve;
  const search::SquaredError error(*density);
  for (int step = 0; step <= kOctaves * kPointsPerOctave; ++step) {
    const double share = std::exp2(-static_cast<double>(step) / kPointsPerOctave);
    const auto parameters = quantization::affine_from_range(
        {statistics.extrema.min * share, statistics.extrema.max * share}, grid);
    const search::Split split{grid.quant_max - parameters.zero_point,
                              parameters.zero_point - grid.quant_min};
    const double decibels =
        quantization::decibels(error.square_sum(), error(parameters.scale, split));
    if (decibels < 0) break;
    curve.push_back({share, decibels});
  }
  return curve;
}

}  // namespace

RangeStudy study_ranges(const TensorStatistics& statistics,
                        const TensorQuantizationConfig& config) {
  RangeStudy study;
  if (!statistics.extrema.has_range()) return study;
  for (const char* method : kMethods) {
    if (auto choice = choice_of(method, statistics, config)) {
      study.choices.push_back(std::move(*choice));
    }
  }
  study.curve = clip_curve(statistics, observers::grid_of(config));
  return study;
}

}  // namespace rangefinder::report
