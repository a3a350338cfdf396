#include "refine/float_order.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace rangefinder::refine {
namespace {

/// By how much the aim rises where it is reached: 1 dB.
const double kStep = std::pow(10, -0.1);
/// Noise so small that nothing tells it from none, and so large that it may as well be larger.
constexpr double kNone = std::numeric_limits<double>::min();
constexpr double kMost = 1e30;

/// What leaving an atom float takes off: of what is too much, and where that is the same, of all.
struct Gain {
  double needed = -1;
  double full = 0;
  auto operator<=>(const Gain&) const = default;
};

/// Atoms that are still in integers, and the noise that they are taken to make.
class Remaining {
 public:
  Remaining(std::span<const NoiseShares> alone, const NoiseShares& together, double allowed) {
    for (const NoiseShares& shares : alone) {
      atoms_.emplace_back();
      for (const double share : shares) atoms_.back().push_back(std::min(share, kMost));
    }
    for (size_t q = 0; q < together.size(); ++q) {
      double sum = 0;
      for (const NoiseShares& shares : atoms_) sum += shares[q];
      double factor = sum > 0 ? std::min(together[q], kMost) / sum : 0;
      // Noise as large as the signal adds up to less: what is left of it later does not.
      if (together[q] > allowed && sum > 0) factor = std::max(factor, 1.0);
      for (NoiseShares& shares : atoms_) shares[q] *= factor;
    }
    is_left_.assign(atoms_.size(), true);
    add_up(together.size());
  }

  /// The most noise of a quantity.
  double worst() const { return noise_.empty() ? 0 : *std::ranges::max_element(noise_); }

  /// The atom without which least is too much; of equal ones the first.
  size_t most_harmful(double allowed) const {
    size_t best = 0;
    Gain most;
    for (size_t atom = 0; atom < atoms_.size(); ++atom) {
      if (!is_left_[atom]) continue;
      const Gain gain = gain_of(atom, allowed);
      if (gain <= most) continue;
      most = gain;
      best = atom;
    }
    return best;
  }

  void take(size_t atom) {
    is_left_[atom] = false;
    add_up(noise_.size());
  }

 private:
  /// Anew each time: differences would leave rounding errors where nothing is left.
  void add_up(size_t quantity_count) {
    noise_.assign(quantity_count, 0);
    for (size_t atom = 0; atom < atoms_.size(); ++atom) {
      for (size_t q = 0; is_left_[atom] && q < quantity_count; ++q) noise_[q] += atoms_[atom][q];
    }
  }

  Gain gain_of(size_t atom, double allowed) const {
    Gain gain{.needed = 0};
    for (size_t q = 0; q < noise_.size(); ++q) {
      if (noise_[q] <= allowed) continue;
      const double rest = std::max(noise_[q] - atoms_[atom][q], kNone);
      gain.needed += std::log(noise_[q] / std::max(rest, allowed));
      gain.full += std::log(noise_[q] / rest);
    }
    return gain;
  }

  std::vector<NoiseShares> atoms_;
  std::vector<bool> is_left_;
  NoiseShares noise_;
};

}  // namespace

std::vector<size_t> float_order(std::span<const NoiseShares> alone, const NoiseShares& together,
                                double allowed) {
  Remaining remaining(alone, together, allowed);
  allowed = std::min(allowed, kMost);
  std::vector<size_t> order;
  while (order.size() < alone.size()) {
    while (remaining.worst() <= allowed && allowed > kNone) allowed *= kStep;
    order.push_back(remaining.most_harmful(allowed));
    remaining.take(order.back());
  }
  return order;
}

size_t expected_float_count(std::span<const NoiseShares> alone, const NoiseShares& together,
                            double allowed, std::span<const size_t> order) {
  Remaining remaining(alone, together, allowed);
  size_t count = 0;
  while (count < order.size() && remaining.worst() > allowed) remaining.take(order[count++]);
  return count;
}

}  // namespace rangefinder::refine
