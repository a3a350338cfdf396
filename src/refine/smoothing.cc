// The error of a product x W, both factors rounded, is estimated from what is known of each channel
// of x alone. With x' = x / 2^k and W' = 2^k W, channel by channel,
//
//   activations:  sum over c of  e_c |W'_c|^2     e_c: mean squared error of x'_c on the grid
//   weights:      sum over o of  d_o^2 / 12 * sum over c of E[x'_c^2]    d_o = max |W'_co| / 127
//
// both over the power of the product. A large channel of x spoils e_c for all channels, because
// they share one grid; a large row of W' spoils d_o for all rows. alpha says where between the two
// the differences go, and the least sum wins [smoothing.md (3)-(6)].

#include "refine/smoothing.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <stdexcept>

namespace rangefinder::refine {
namespace {

using quantization::AffineParameters;
using quantization::Grid;
using statistics::ChannelSpread;
using statistics::TensorStatistics;
using statistics::ValueHistogram;

constexpr std::array<double, 9> kAlphas = {0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0};
/// Larger differences between channels are no matter of eight bits.
constexpr int kLargestExponent = 20;
/// Codes of a weight on one side of zero.
constexpr double kWeightSteps = 127;
/// Finer buckets of a ValueHistogram in a coarse one.
constexpr uint32_t kFine = 1u << (ValueHistogram::kMantissaBits - ChannelSpread::kMantissaBits);
constexpr size_t kSteps = ChannelSpread::kSlots / 2;
/// Where a bucket is narrower than so many steps of the grid, values of it are tried one by one.
constexpr double kWideSteps = 2;
constexpr int kTried = 4;

/// The part of a coarse bucket that the channel's extremes leave: magnitudes, and its sign.
struct Stretch {
  double low;
  double high;
  double sign;
  double count;
};

/// Calls visit(stretch, octave, slot) for each bucket of a channel that is not empty.
template <typename Visit>
void for_each_stretch(const ChannelSpread& spread, size_t channel, Visit visit) {
  for (size_t o = 0; o < ChannelSpread::kOctaveCount; ++o) {
    const auto counts = spread.counts(o, channel);
    const double unit = std::ldexp(1.0, ChannelSpread::kLowestOctave + static_cast<int>(o));
    for (size_t slot = 0; slot < counts.size(); ++slot) {
      if (counts[slot] == 0) continue;
      const size_t step = slot % kSteps;
      const bool is_positive = slot < kSteps;
      const bool is_last = o + 1 == ChannelSpread::kOctaveCount;
      const double most =
          is_positive ? spread.max(channel) : -static_cast<double>(spread.min(channel));
      const double least =
          is_positive ? spread.min(channel) : -static_cast<double>(spread.max(channel));
      const double low = unit * (1 + static_cast<double>(step) / kSteps);
      const double high = unit * (1 + static_cast<double>(step + 1) / kSteps);
      const Stretch stretch{std::max(low, std::min(least, high)),
                            is_last ? std::max(most, low) : std::max(low, std::min(most, high)),
                            is_positive ? 1.0 : -1.0, static_cast<double>(counts[slot])};
      visit(stretch, o, slot);
    }
  }
}

/// What is known of one channel, whatever it is divided by.
struct Channel {
  double largest = 0;
  double square_mean = 0;
  double variance = 0;
};

std::vector<Channel> channels_of(const ChannelSpread& spread) {
  std::vector<Channel> channels(spread.channel_count());
  for (size_t c = 0; c < channels.size(); ++c) {
    Channel& channel = channels[c];
    auto count = static_cast<double>(spread.zero_count(c));
    double mean = 0;
    for_each_stretch(spread, c, [&](const Stretch& stretch, size_t, size_t) {
      const double middle = (stretch.low + stretch.high) / 2;
      const double width = stretch.high - stretch.low;
      count += stretch.count;
      mean += stretch.count * stretch.sign * middle;
      channel.square_mean += stretch.count * (middle * middle + width * width / 12);
    });
    if (count == 0) continue;
    mean /= count;
    channel.square_mean /= count;
    channel.variance = std::max(0.0, channel.square_mean - mean * mean);
    channel.largest = std::max(std::abs(static_cast<double>(spread.min(c))),
                               std::abs(static_cast<double>(spread.max(c))));
  }
  return channels;
}

/// What is known of the rows and columns of one matrix.
struct MatrixFigures {
  std::vector<double> row_power = {};
  double signal = 0;
};

MatrixFigures figures_of(const ReadMatrix& matrix, const std::vector<Channel>& channels) {
  MatrixFigures figures{.row_power = std::vector<double>(matrix.rows)};
  for (size_t c = 0; c < matrix.rows; ++c) {
    for (size_t o = 0; o < matrix.columns; ++o) {
      const double weight = matrix.values[c * matrix.columns + o];
      figures.row_power[c] += weight * weight;
    }
    figures.signal += channels[c].square_mean * figures.row_power[c];
  }
  return figures;
}

double squared_error(double value, AffineParameters parameters, const Grid& grid) {
  const double scale = parameters.scale;
  const double code =
      std::clamp(std::nearbyint(value / scale) + parameters.zero_point,
                 static_cast<double>(grid.quant_min), static_cast<double>(grid.quant_max));
  const double error = value - (code - parameters.zero_point) * scale;
  return error * error;
}

/// The mean squared error of a stretch, all of it divided by 2^exponent.
double squared_error(const Stretch& stretch, int exponent, AffineParameters parameters,
                     const Grid& grid) {
  const double scale = parameters.scale;
  const double low = std::ldexp(stretch.low, -exponent);
  const double width = std::ldexp(stretch.high, -exponent) - low;
  const double end = stretch.sign * (low + width);
  const bool is_inside =
      end >= (static_cast<double>(grid.quant_min) - parameters.zero_point) * scale &&
      end <= (static_cast<double>(grid.quant_max) - parameters.zero_point) * scale;
  if (is_inside && width >= kWideSteps * scale) return scale * scale / 12;
  double sum = 0;
  for (int i = 0; i < kTried; ++i) {
    const double value = low + width * (i + 0.5) / kTried;
    sum += squared_error(stretch.sign * value, parameters, grid);
  }
  return sum / kTried;
}

/// e_c of (3).
std::vector<double> activation_errors(const ChannelSpread& spread, std::span<const int> exponents,
                                      AffineParameters parameters, const Grid& grid) {
  std::vector<double> errors(spread.channel_count());
  for (size_t c = 0; c < errors.size(); ++c) {
    auto count = static_cast<double>(spread.zero_count(c));
    for_each_stretch(spread, c, [&](const Stretch& stretch, size_t, size_t) {
      count += stretch.count;
      errors[c] += stretch.count * squared_error(stretch, exponents[c], parameters, grid);
    });
    if (count > 0) errors[c] /= count;
  }
  return errors;
}

/// Sum of d_o^2 / 12 of (4).
double weight_error(const ReadMatrix& matrix, std::span<const int> exponents) {
  std::vector<double> largest(matrix.columns);
  for (size_t c = 0; c < matrix.rows; ++c) {
    const double factor = std::ldexp(1.0, exponents[c]);
    for (size_t o = 0; o < matrix.columns; ++o) {
      const double weight = std::abs(static_cast<double>(matrix.values[c * matrix.columns + o]));
      largest[o] = std::max(largest[o], factor * weight);
    }
  }
  double sum = 0;
  for (const double weight : largest) sum += weight * weight;
  return sum / (kWeightSteps * kWeightSteps * 12);
}

class Estimate {
 public:
  Estimate(const ChannelSpread& spread, std::span<const ReadMatrix> matrices, const Grid& grid,
           const FindParameters& find)
      : spread_(spread), matrices_(matrices), grid_(grid), find_(find) {
    channels_ = channels_of(spread);
    for (const ReadMatrix& matrix : matrices) figures_.push_back(figures_of(matrix, channels_));
  }

  const std::vector<Channel>& channels() const { return channels_; }

  /// Sum over the matrices of error over signal (5).
  double error(std::span<const int> exponents) const {
    const auto parameters = find_(smoothed_statistics(spread_, exponents));
    const auto errors = activation_errors(spread_, exponents, parameters, grid_);
    double sum = 0;
    for (size_t m = 0; m < matrices_.size(); ++m) {
      if (figures_[m].signal == 0) continue;
      double error = 0;
      double power = 0;
      for (size_t c = 0; c < channels_.size(); ++c) {
        const double factor = std::ldexp(1.0, 2 * exponents[c]);
        error += errors[c] * factor * figures_[m].row_power[c];
        power +=
            (matrices_[m].is_mean_corrected ? channels_[c].variance : channels_[c].square_mean) /
            factor;
      }
      error += weight_error(matrices_[m], exponents) * power;
      sum += error / figures_[m].signal;
    }
    return sum;
  }

 private:
  const ChannelSpread& spread_;
  std::span<const ReadMatrix> matrices_;
  const Grid& grid_;
  const FindParameters& find_;
  std::vector<Channel> channels_;
  std::vector<MatrixFigures> figures_;
};

std::vector<double> largest_weights(std::span<const ReadMatrix> matrices, size_t channels) {
  std::vector<double> largest(channels);
  for (const ReadMatrix& matrix : matrices) {
    for (size_t i = 0; i < matrix.values.size(); ++i) {
      const double weight = std::abs(static_cast<double>(matrix.values[i]));
      largest[i / matrix.columns] = std::max(largest[i / matrix.columns], weight);
    }
  }
  return largest;
}

/// (1) and (2): powers of two around a mean of 1; channels without values or weights stay.
std::vector<int> exponents_for(double alpha, const std::vector<Channel>& channels,
                               const std::vector<double>& weights) {
  std::vector<double> logarithms(channels.size(), 0);
  double sum = 0;
  size_t count = 0;
  const auto counts = [&](size_t c) { return channels[c].largest > 0 && weights[c] > 0; };
  for (size_t c = 0; c < channels.size(); ++c) {
    if (!counts(c)) continue;
    logarithms[c] = alpha * std::log2(channels[c].largest) - (1 - alpha) * std::log2(weights[c]);
    sum += logarithms[c];
    ++count;
  }
  std::vector<int> exponents(channels.size(), 0);
  for (size_t c = 0; c < channels.size(); ++c) {
    if (!counts(c)) continue;
    const double exponent = std::nearbyint(logarithms[c] - sum / static_cast<double>(count));
    exponents[c] = std::clamp(static_cast<int>(exponent), -kLargestExponent, kLargestExponent);
  }
  return exponents;
}

void check(const ChannelSpread& spread, std::span<const ReadMatrix> matrices) {
  for (const ReadMatrix& matrix : matrices) {
    if (matrix.rows != spread.channel_count() ||
        matrix.values.size() != matrix.rows * matrix.columns) {
      throw std::invalid_argument("a matrix needs a row for each channel");
    }
  }
}

/// Adds the values of one coarse bucket, spread over the finer ones that lie within the extremes.
void add_fine(const Stretch& stretch, size_t octave, size_t slot, int exponent,
              ValueHistogram& into) {
  const auto count = static_cast<uint64_t>(stretch.count);
  const int shifted = ChannelSpread::kLowestOctave + static_cast<int>(octave) - exponent;
  constexpr int kBias = 127;
  if (shifted <= -kBias || shifted >= kBias) {
    into.add_zeros(shifted < 0 ? count : 0);
    return;
  }
  const double unit = std::ldexp(1.0, ChannelSpread::kLowestOctave + static_cast<int>(octave));
  const auto place = [&](double magnitude) {
    const double steps = (magnitude / unit - 1) * ValueHistogram::kBucketsPerOctave;
    return std::clamp(static_cast<int64_t>(steps), int64_t{0},
                      int64_t{ValueHistogram::kBucketsPerOctave - 1});
  };
  const int64_t start = static_cast<int64_t>(slot % kSteps) * kFine;
  const int64_t first = std::clamp(place(stretch.low), start, start + kFine - 1);
  const int64_t last = std::clamp(place(stretch.high), first, start + kFine - 1);
  const uint32_t sign = stretch.sign < 0 ? ValueHistogram::kOctaveCount / 2 : 0;
  const uint32_t base =
      (sign + static_cast<uint32_t>(shifted + kBias)) * ValueHistogram::kBucketsPerOctave;
  const auto buckets = static_cast<uint64_t>(last - first + 1);
  for (uint64_t i = 0; i < buckets; ++i) {
    // The remainder goes to buckets that are evenly apart.
    const uint64_t share =
        count / buckets + ((i + 1) * (count % buckets) / buckets - i * (count % buckets) / buckets);
    if (share > 0)
      into.add_key(base + static_cast<uint32_t>(first) + static_cast<uint32_t>(i), share);
  }
}

}  // namespace

TensorStatistics smoothed_statistics(const ChannelSpread& spread, std::span<const int> exponents) {
  if (exponents.size() != spread.channel_count()) {
    throw std::invalid_argument("an exponent is needed for each channel");
  }
  TensorStatistics result;
  for (size_t c = 0; c < exponents.size(); ++c) {
    if (!(spread.min(c) <= spread.max(c))) continue;
    result.extrema.add_range(std::ldexp(spread.min(c), -exponents[c]),
                             std::ldexp(spread.max(c), -exponents[c]));
    result.histogram.add_zeros(spread.zero_count(c));
    for_each_stretch(spread, c, [&](const Stretch& stretch, size_t octave, size_t slot) {
      add_fine(stretch, octave, slot, exponents[c], result.histogram);
    });
  }
  return result;
}

std::optional<Smoothing> choose_smoothing(const ChannelSpread& spread,
                                          std::span<const ReadMatrix> matrices, const Grid& grid,
                                          const FindParameters& find, double least_gain_db) {
  check(spread, matrices);
  if (spread.value_count() == 0 || matrices.empty()) return {};
  const Estimate estimate(spread, matrices, grid, find);
  const auto weights = largest_weights(matrices, spread.channel_count());
  const std::vector<int> none(spread.channel_count(), 0);
  const double before = estimate.error(none);
  double least = before;
  std::optional<Smoothing> best;
  for (const double alpha : kAlphas) {
    auto exponents = exponents_for(alpha, estimate.channels(), weights);
    if (exponents == none) continue;
    const double error = estimate.error(exponents);
    if (!(error < least)) continue;
    least = error;
    best = Smoothing{std::move(exponents), alpha, 10 * std::log10(before / error)};
  }
  if (best && !(best->gain_db >= least_gain_db)) return {};
  return best;
}

}  // namespace rangefinder::refine
