#include "search/lattice.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace rangefinder::search {
namespace {

/// Odds against chance, as a power of two.
constexpr double kEnoughEvidence = 32;
/// Values are rounded to float32, so multiples may miss a bucket's edge by that.
constexpr double kSlack = 0x1p-21;
/// Finer lattices are not looked for.
constexpr int64_t kMostMultiples = 1024;

bool divides(double magnitude, double step) {
  const double ratio = magnitude / step;
  return std::abs(ratio - std::nearbyint(ratio)) <= ratio * kSlack;
}

/// A bucket ends below its upper edge, but for the last one, which was cut to the largest value.
bool holds_multiple(const Segment& s, double step, double extent) {
  if (s.lower == s.upper) return divides(s.lower, step);
  const double multiple = std::max(1.0, std::ceil(s.lower * (1 - kSlack) / step)) * step;
  return multiple < s.upper * (s.upper == extent ? 1 + kSlack : 1 - kSlack);
}

/// How unlikely it is that a bucket holds a multiple: it covers a share width / step. Points count
/// as buckets.
double evidence(const Segment& s, double step) {
  const double width =
      std::max(s.upper - s.lower, s.upper / statistics::ValueHistogram::kBucketsPerOctave);
  return std::max(0.0, std::log2(step / width));
}

/// Segments ascend, so that most steps fail at once.
bool all_hold(const std::vector<Segment>& side, double step) {
  const double extent = Density::extent(side);
  return std::ranges::all_of(side,
                             [&](const Segment& s) { return holds_multiple(s, step, extent); });
}

double evidence(const std::vector<Segment>& side, double step) {
  double total = 0;
  for (const Segment& s : side) total += evidence(s, step);
  return total;
}

}  // namespace

std::optional<Lattice> lattice_of(const Density& density, int64_t most_multiples) {
  if (density.all_zero()) return std::nullopt;
  const double above = Density::extent(density.positive);
  const double below = Density::extent(density.negative);
  const double extent = std::max(above, below);
  for (int64_t count = 1; count <= most_multiples; ++count) {
    const double step = extent / static_cast<double>(count);
    if (!divides(above, step) || !divides(below, step)) continue;
    if (!all_hold(density.positive, step) || !all_hold(density.negative, step)) continue;
    const double total = evidence(density.positive, step) + evidence(density.negative, step);
    if (total < kEnoughEvidence) continue;
    return Lattice{step, {std::llrint(above / step), std::llrint(below / step)}};
  }
  return std::nullopt;
}

std::optional<quantization::AffineParameters> exact_on(const Lattice& lattice,
                                                       const quantization::Grid& grid) {
  const auto times = [](int64_t codes, int64_t multiples) {
    return multiples == 0 ? codes : codes / multiples;
  };
  const Split needed = lattice.multiples;
  Split split = grid.symmetric ? symmetric_split(grid) : Split{};
  const int64_t finer = grid.symmetric
                            ? std::min(times(split.codes_above, needed.codes_above),
                                       times(split.codes_below, needed.codes_below))
                            : grid.step_count() / (needed.codes_above + needed.codes_below);
  if (finer < 1) return std::nullopt;
  if (!grid.symmetric) {
    const int64_t spare = grid.step_count() - finer * needed.codes_above;
    split.codes_below =
        needed.codes_above == 0 ? grid.step_count() : std::min(spare, finer * needed.codes_below);
  }
  return quantization::AffineParameters{
      quantization::representable_scale(lattice.step / static_cast<double>(finer)),
      zero_point_of(split, grid)};
}

std::optional<quantization::AffineParameters> lossless(const Density& density,
                                                       const quantization::Grid& grid) {
  if (grid.power_of_2) return std::nullopt;
  const auto lattice = lattice_of(density, std::min(grid.step_count(), kMostMultiples));
  return lattice ? exact_on(*lattice, grid) : std::nullopt;
}

}  // namespace rangefinder::search
