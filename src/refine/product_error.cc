// The error of a product x W, both factors rounded, is estimated from what is known of each channel
// of x alone. With x' = x / 2^k and W' = 2^k W, channel by channel,
//
//   activations:  sum over c of  e_c |W'_c|^2     e_c: mean squared error of x'_c on the grid
//   weights:      sum over o, c of  (W'_co - Q_o(W'_co))^2 E[x'_c^2]   Q_o: steps max |W'_co| / 127
//
// both over the power of the product. A large channel of x spoils e_c for all channels, because
// they share one grid; a large row of W' spoils Q_o for all rows.
//
// Of a channel's octaves most are simple: in the small ones all values become 0, in the large ones
// buckets are many steps wide and the error is that of an even distribution. Running sums tell
// those at once; only the few between, and those that the grid may clip, are looked at.

#include "refine/product_error.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <stdexcept>

#include "refine/smoothed_statistics.h"

namespace rangefinder::refine {
namespace {

using quantization::AffineParameters;
using quantization::Grid;
using statistics::ChannelSpread;

/// Codes of a weight on one side of zero.
constexpr float kWeightSteps = 127;
constexpr float kRounder = 0x1.8p23f;
/// A bucket of so many steps of the grid is rounded as evenly spread values are.
constexpr double kWideSteps = 2;
/// Values of a narrower one that are tried.
constexpr int kTried = 4;

void add_up(ChannelFigures& figures) {
  size_t next = 0;
  for (size_t o = 0; o < ChannelSpread::kOctaveCount; ++o) {
    figures.first[o] = next;
    double count = 0;
    double squares = 0;
    for (; next < figures.stretches.size() && figures.stretches[next].octave == o; ++next) {
      const Stretch& stretch = figures.stretches[next];
      const double middle = (stretch.low + stretch.high) / 2;
      const double width = stretch.high - stretch.low;
      const auto values = static_cast<double>(stretch.count);
      count += values;
      squares += values * (middle * middle + width * width / 12);
    }
    figures.counts_below[o + 1] = figures.counts_below[o] + count;
    figures.squares_below[o + 1] = figures.squares_below[o] + squares;
  }
  figures.first.back() = next;
}

ChannelFigures figures_of(const ChannelSpread& spread, size_t channel) {
  ChannelFigures figures;
  double sum = 0;
  for_each_stretch(spread, channel, [&](const Stretch& stretch) {
    sum += static_cast<double>(stretch.count) * stretch.sign * (stretch.low + stretch.high) / 2;
    figures.stretches.push_back(stretch);
  });
  add_up(figures);
  figures.count = figures.counts_below.back() + static_cast<double>(spread.zero_count(channel));
  if (figures.count == 0) return figures;
  const double mean = sum / figures.count;
  figures.square_mean = figures.squares_below.back() / figures.count;
  figures.variance = std::max(0.0, figures.square_mean - mean * mean);
  figures.largest = std::max(std::abs(static_cast<double>(spread.min(channel))),
                             std::abs(static_cast<double>(spread.max(channel))));
  return figures;
}

/// The errors of values on a grid of so and so many steps.
class GridError {
 public:
  GridError(AffineParameters parameters, const Grid& grid)
      : scale_(parameters.scale),
        low_(static_cast<double>(grid.quant_min) - parameters.zero_point),
        high_(static_cast<double>(grid.quant_max) - parameters.zero_point) {}

  /// e_c of a channel that is divided by 2^exponent.
  double mean(const ChannelFigures& channel, int exponent) const {
    if (channel.count == 0) return 0;
    const int octaves = ChannelSpread::kOctaveCount;
    const int shift = -ChannelSpread::kLowestOctave + exponent;
    // Octave o ends at 2^(o + 1 - shift); a quarter of it is 2^(o - 2 - shift) wide.
    const auto first_where = [&](double logarithm) {
      return std::clamp(static_cast<int>(std::ceil(logarithm)) + shift, 0, octaves);
    };
    const int small = std::clamp(static_cast<int>(std::floor(std::log2(scale_ / 2))) + shift, 0,
                                 octaves);  // Below it all becomes 0.
    const int wide = std::max(small, first_where(std::log2(kWideSteps * scale_) + 2));
    const double reach = std::min(-low_, high_) * scale_;
    const int clipped =
        reach > 0
            ? std::max(wide, std::clamp(static_cast<int>(std::floor(std::log2(reach))) + shift, 0,
                                        octaves))
            : wide;
    double sum = channel.squares_below[static_cast<size_t>(small)];
    sum += looked_at(channel, exponent, small, wide);
    sum += (channel.counts_below[static_cast<size_t>(clipped)] -
            channel.counts_below[static_cast<size_t>(wide)]) *
           std::ldexp(scale_ * scale_ / 12, 2 * exponent);
    sum += looked_at(channel, exponent, clipped, octaves);
    return std::ldexp(sum / channel.count, -2 * exponent);
  }

 private:
  /// Of the octaves from `first` up to `last`, in units of the values before they are divided.
  double looked_at(const ChannelFigures& channel, int exponent, int first, int last) const {
    double sum = 0;
    for (size_t i = channel.first[static_cast<size_t>(first)];
         i < channel.first[static_cast<size_t>(last)]; ++i) {
      const Stretch& stretch = channel.stretches[i];
      sum += static_cast<double>(stretch.count) * squared(stretch, exponent);
    }
    return std::ldexp(sum, 2 * exponent);
  }

  double squared(const Stretch& stretch, int exponent) const {
    const double low = std::ldexp(stretch.low, -exponent);
    const double width = std::ldexp(stretch.high, -exponent) - low;
    const double end = stretch.sign * (low + width);
    if (end >= low_ * scale_ && end <= high_ * scale_ && width >= kWideSteps * scale_) {
      return scale_ * scale_ / 12;
    }
    double sum = 0;
    for (int i = 0; i < kTried; ++i) {
      const double value = stretch.sign * (low + width * (i + 0.5) / kTried);
      const double error = value - std::clamp(std::nearbyint(value / scale_), low_, high_) * scale_;
      sum += error * error;
    }
    return sum / kTried;
  }

  double scale_;
  /// Codes of the ends, counted from that of 0.
  double low_;
  double high_;
};

}  // namespace

ProductError::ProductError(const ChannelSpread& spread, std::span<const ReadMatrix> matrices,
                           const Grid& grid, const FindParameters& find)
    : spread_(spread), grid_(grid), find_(find) {
  for (const ReadMatrix& matrix : matrices) {
    if (matrix.rows != spread.channel_count() ||
        matrix.values.size() != matrix.rows * matrix.columns) {
      throw std::invalid_argument("a matrix needs a row for each channel");
    }
    if (matrix.taps == 0 || matrix.columns % matrix.taps != 0 ||
        (matrix.group_rows != 0 && matrix.rows % matrix.group_rows != 0)) {
      throw std::invalid_argument("windows and groups must divide a matrix");
    }
  }
  for (size_t c = 0; c < spread.channel_count(); ++c) {
    channels_.push_back(refine::figures_of(spread, c));
  }
  for (const ReadMatrix& matrix : matrices) matrices_.push_back(figures_of(matrix));
}

ProductError::Matrix ProductError::figures_of(const ReadMatrix& matrix) const {
  Matrix figures{.row_power = std::vector<double>(matrix.rows),
                 .taps = matrix.taps,
                 .group_rows = matrix.group_rows == 0 ? matrix.rows : matrix.group_rows,
                 .is_mean_corrected = matrix.is_mean_corrected,
                 .is_rounded = matrix.is_rounded};
  const size_t stride = (matrix.columns + kMostColumns - 1) / kMostColumns;
  for (size_t c = 0; c < matrix.rows; ++c) {
    for (size_t o = 0; o < matrix.columns; ++o) {
      const float weight = matrix.values[c * matrix.columns + o];
      figures.row_power[c] += static_cast<double>(weight) * static_cast<double>(weight);
      if (o / matrix.taps % stride == 0) figures.sampled.push_back(std::abs(weight));
    }
    figures.signal += channels_[c].square_mean * figures.row_power[c];
  }
  if (matrix.rows == 0 || matrix.columns == 0) return figures;
  figures.sampled_columns = figures.sampled.size() / matrix.rows;
  figures.weight =
      static_cast<double>(matrix.columns) / static_cast<double>(figures.sampled_columns);
  return figures;
}

double ProductError::weight_error(const Matrix& matrix, std::span<const int> exponents,
                                  std::span<const double> powers) const {
  double sum = 0;
  for (size_t first = 0; first < exponents.size(); first += matrix.group_rows) {
    sum += group_error(matrix, exponents, powers, first, first + matrix.group_rows);
  }
  return matrix.weight * sum;
}

double ProductError::group_error(const Matrix& matrix, std::span<const int> exponents,
                                 std::span<const double> powers, size_t first, size_t last) {
  const size_t columns = matrix.sampled_columns;
  std::vector<float> largest(columns);
  for (size_t c = first; c < last; ++c) {
    const float factor = std::ldexp(1.0f, exponents[c]);
    const float* row = &matrix.sampled[c * columns];
    for (size_t o = 0; o < columns; ++o) largest[o] = std::max(largest[o], factor * row[o]);
  }
  for (size_t o = 0; o < columns && matrix.taps > 1; o += matrix.taps) {
    const auto window = std::span(largest).subspan(o, matrix.taps);
    std::ranges::fill(window, *std::ranges::max_element(window));
  }
  std::vector<float> inverse_steps(columns);
  for (size_t o = 0; o < columns; ++o) {
    inverse_steps[o] = largest[o] > 0 ? kWeightSteps / largest[o] : 0;
  }
  std::vector<double> errors(columns);
  for (size_t c = first; c < last; ++c) {
    const float factor = std::ldexp(1.0f, exponents[c]);
    const float* row = &matrix.sampled[c * columns];
    for (size_t o = 0; o < columns; ++o) {
      const float steps = factor * row[o] * inverse_steps[o];
      // Magnitudes of at most 127 steps: adding and taking away 1.5 * 2^23 rounds them.
      const double error = static_cast<double>(steps - (steps + kRounder - kRounder));
      errors[o] += powers[c] * error * error;
    }
  }
  double sum = 0;
  for (size_t o = 0; o < columns; ++o) {
    const double step = static_cast<double>(largest[o]) / static_cast<double>(kWeightSteps);
    sum += errors[o] * step * step;
  }
  return sum;
}

double ProductError::operator()(std::span<const int> exponents) const {
  const GridError errors(find_(smoothed_statistics(spread_, exponents)), grid_);
  std::vector<double> factors;
  std::vector<double> mean_errors;
  for (size_t c = 0; c < channels_.size(); ++c) {
    factors.push_back(std::ldexp(1.0, 2 * exponents[c]));
    mean_errors.push_back(errors.mean(channels_[c], exponents[c]));
  }
  double sum = 0;
  for (const Matrix& matrix : matrices_) {
    if (matrix.signal == 0) continue;
    double error = 0;
    std::vector<double> powers;
    for (size_t c = 0; c < channels_.size(); ++c) {
      const ChannelFigures& channel = channels_[c];
      error += mean_errors[c] * factors[c] * matrix.row_power[c];
      powers.push_back((matrix.is_mean_corrected ? channel.variance : channel.square_mean) /
                       factors[c]);
    }
    if (!powers.empty() && matrix.is_rounded) error += weight_error(matrix, exponents, powers);
    sum += error / matrix.signal;
  }
  return sum;
}

}  // namespace rangefinder::refine
