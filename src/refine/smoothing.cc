// alpha says how much of the channels' differences goes into the matrices; the one with the least
// estimated error wins. Trying more (other roundings to powers of two, the largest channels divided
// once more) lowers the estimate and raises the error of whole networks.

#include "refine/smoothing.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <utility>

namespace rangefinder::refine {
namespace {

constexpr std::array<double, 9> kAlphas = {0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0};
/// Larger differences between channels are no matter of eight bits.
constexpr int kLargestExponent = 20;

/// Of what a Clip bounds a quarter is used: a sample that nobody saw may go beyond the largest.
constexpr int kUnusedOctaves = 2;

class Search {
 public:
  Search(std::span<const SmoothedTensor> tensors, const quantization::Grid& grid,
         const SmoothingOptions& options)
      : options_(options),
        largest_(tensors.front().spread.channel_count()),
        weights_(largest_.size()) {
    errors_.reserve(tensors.size());
    for (const SmoothedTensor& tensor : tensors) {
      errors_.emplace_back(tensor.spread, tensor.matrices, grid, tensor.find);
      const auto& channels = errors_.back().channels();
      if (channels.size() != largest_.size()) throw std::invalid_argument("other channels");
      for (size_t c = 0; c < channels.size(); ++c) {
        largest_[c] = std::max(largest_[c], channels[c].largest);
      }
      for (const ReadMatrix& matrix : tensor.matrices) look_at(matrix);
    }
    none_.assign(weights_.size(), 0);
    before_ = error_of(none_);
    least_ = before_;
  }

  std::optional<Smoothing> run() {
    for (const double alpha : kAlphas) consider(rounded(logarithms_for(alpha)), alpha);
    return best_;
  }

 private:
  /// The largest weight of each row. Convolutions by channel take any scale as it comes.
  void look_at(const ReadMatrix& matrix) {
    for (size_t i = 0; i < matrix.values.size(); ++i) {
      const double weight = std::abs(static_cast<double>(matrix.values[i]));
      double& row = weights_[i / matrix.columns];
      row = std::max(row, matrix.is_by_channel() && weight > 0 ? kLeastWeight : weight);
    }
  }

  double error_of(const std::vector<int>& exponents) const {
    double sum = 0;
    for (const ProductError& error : errors_) sum += error(exponents);
    return sum;
  }

  /// Channels without values or weights stay as they are.
  bool counts(size_t c) const { return largest_[c] > 0 && weights_[c] > 0; }

  /// log2 s_c of (2), around a mean of 0.
  std::vector<double> logarithms_for(double alpha) const {
    std::vector<double> logarithms(weights_.size(), 0);
    double sum = 0;
    size_t count = 0;
    for (size_t c = 0; c < weights_.size(); ++c) {
      if (!counts(c)) continue;
      logarithms[c] = alpha * std::log2(largest_[c]) - (1 - alpha) * std::log2(weights_[c]);
      sum += logarithms[c];
      ++count;
    }
    for (size_t c = 0; c < weights_.size(); ++c) {
      if (counts(c)) logarithms[c] -= sum / static_cast<double>(count);
    }
    return logarithms;
  }

  std::vector<int> rounded(const std::vector<double>& logarithms) const {
    std::vector<int> exponents(logarithms.size(), 0);
    const size_t top = static_cast<size_t>(std::ranges::max_element(largest_) - largest_.begin());
    for (size_t c = 0; c < logarithms.size(); ++c) {
      if (!counts(c)) continue;
      const double exponent = options_.headroom
                                  ? below_top(logarithms[c] - logarithms[top], *options_.headroom)
                                  : std::nearbyint(logarithms[c]);
      exponents[c] = std::clamp(static_cast<int>(exponent), -kLargestExponent, kLargestExponent);
    }
    if (options_.upper && !exponents.empty()) keep_below(*options_.upper, exponents);
    return exponents;
  }

  /// Of a channel whose logarithm is so much more than that of the one with the largest values.
  static double below_top(double logarithm, double headroom) {
    return logarithm < 0 ? std::min(0.0, std::ceil(logarithm + headroom))
                         : std::nearbyint(logarithm);
  }

  /// The same differences as far as no channel is divided and none comes near the bound.
  void keep_below(double upper, std::vector<int>& exponents) const {
    const int most = *std::ranges::max_element(exponents);
    for (size_t c = 0; c < exponents.size(); ++c) {
      if (!counts(c)) continue;
      const double room = std::floor(std::log2(upper / largest_[c])) - kUnusedOctaves;
      exponents[c] = std::max(exponents[c] - most, -std::max(0, static_cast<int>(room)));
    }
  }

  void consider(std::vector<int> exponents, double alpha) {
    if (exponents == none_) return;
    const double error = error_of(exponents);
    if (!(error < least_)) return;
    least_ = error;
    best_ = Smoothing{std::move(exponents), alpha, 10 * std::log10(before_ / error)};
  }

  static constexpr double kLeastWeight = std::numeric_limits<double>::min();

  const SmoothingOptions& options_;
  std::vector<ProductError> errors_;
  /// The largest magnitude of each channel in all tensors, and in each row of all matrices.
  std::vector<double> largest_;
  std::vector<double> weights_;
  std::vector<int> none_;
  double before_ = 0;
  double least_ = 0;
  std::optional<Smoothing> best_ = {};
};

}  // namespace

std::optional<Smoothing> choose_smoothing(std::span<const SmoothedTensor> tensors,
                                          const quantization::Grid& grid,
                                          const SmoothingOptions& options) {
  const bool has_values = std::ranges::any_of(tensors, [](const SmoothedTensor& tensor) {
    return tensor.spread.value_count() > 0 && !tensor.matrices.empty();
  });
  if (!has_values) return {};
  auto best = Search(tensors, grid, options).run();
  if (best && !(best->gain_db >= options.least_gain_db)) return {};
  return best;
}

}  // namespace rangefinder::refine
