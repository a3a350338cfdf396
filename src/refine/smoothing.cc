// alpha says how much of the channels' differences goes into the matrices; the one with the least
// estimated error wins. Trying more (other roundings to powers of two, the largest channels divided
// once more) lowers the estimate and raises the error of whole networks.

#include "refine/smoothing.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace rangefinder::refine {
namespace {

constexpr std::array<double, 9> kAlphas = {0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0};
/// Larger differences between channels are no matter of eight bits.
constexpr int kLargestExponent = 20;

class Search {
 public:
  Search(const ProductError& error, std::span<const ReadMatrix> matrices)
      : error_(error), weights_(error.channels().size()) {
    for (const ReadMatrix& matrix : matrices) {
      for (size_t i = 0; i < matrix.values.size(); ++i) {
        const double weight = std::abs(static_cast<double>(matrix.values[i]));
        weights_[i / matrix.columns] = std::max(weights_[i / matrix.columns], weight);
      }
    }
    none_.assign(weights_.size(), 0);
    before_ = error_(none_);
    least_ = before_;
  }

  std::optional<Smoothing> run() {
    for (const double alpha : kAlphas) consider(rounded(logarithms_for(alpha)), alpha);
    return best_;
  }

 private:
  /// Channels without values or weights stay as they are.
  bool counts(size_t c) const { return error_.channels()[c].largest > 0 && weights_[c] > 0; }

  /// log2 s_c of (2), around a mean of 0.
  std::vector<double> logarithms_for(double alpha) const {
    std::vector<double> logarithms(weights_.size(), 0);
    double sum = 0;
    size_t count = 0;
    for (size_t c = 0; c < weights_.size(); ++c) {
      if (!counts(c)) continue;
      logarithms[c] =
          alpha * std::log2(error_.channels()[c].largest) - (1 - alpha) * std::log2(weights_[c]);
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
    for (size_t c = 0; c < logarithms.size(); ++c) {
      if (!counts(c)) continue;
      exponents[c] = std::clamp(static_cast<int>(std::nearbyint(logarithms[c])), -kLargestExponent,
                                kLargestExponent);
    }
    return exponents;
  }

  void consider(std::vector<int> exponents, double alpha) {
    if (exponents == none_) return;
    const double error = error_(exponents);
    if (!(error < least_)) return;
    least_ = error;
    best_ = Smoothing{std::move(exponents), alpha, 10 * std::log10(before_ / error)};
  }

  const ProductError& error_;
  /// The largest magnitude in each row of all matrices.
  std::vector<double> weights_;
  std::vector<int> none_;
  double before_ = 0;
  double least_ = 0;
  std::optional<Smoothing> best_ = {};
};

}  // namespace

std::optional<Smoothing> choose_smoothing(const statistics::ChannelSpread& spread,
                                          std::span<const ReadMatrix> matrices,
                                          const quantization::Grid& grid,
                                          const FindParameters& find, double least_gain_db) {
  const ProductError error(spread, matrices, grid, find);
  if (spread.value_count() == 0 || matrices.empty()) return {};
  auto best = Search(error, matrices).run();
  if (best && !(best->gain_db >= least_gain_db)) return {};
  return best;
}

}  // namespace rangefinder::refine
