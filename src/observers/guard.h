#pragma once

#include <optional>
#include <string_view>

#include "observers/observer.h"
#include "quantization/affine.h"

namespace rangefinder::observers {

/// How many times the squared error of the best range a guarded method's range may have
/// [docs/numerics/guard.md].
inline constexpr double kGuardFactor = 2;

/// What stands in for a range that loses too much.
struct Guarded {
  quantization::AffineParameters parameters = {};
  /// The squared error of the range that was refused over that of this one; infinite if this one
  /// loses nothing.
  double ratio = 1;
};

/// The better in squared error of minmax and mse, if `parameters` lose more than `factor` times
/// what it does; empty: they stand, or nothing finite was seen. A pure function of the counts.
/// Cost: that of search::mse(). Throws std::invalid_argument on a bad grid.
std::optional<Guarded> guard(const statistics::TensorStatistics& statistics,
                             const quantization::Grid& grid,
                             quantization::AffineParameters parameters,
                             double factor = kGuardFactor);

/// True of the methods that ask how many values are kept, or how their distribution looks, and not
/// how far values move: kl and percentile. `method` in lower case.
bool is_guarded(std::string_view method);

/// Guards every channel of a solution by a method that is_guarded(); others, and floating grids,
/// stay as they are. Where it acts, the figure "guard_ratio" is the largest ratio.
void guard(std::string_view method, const Observations& observations,
           const quantization::TensorQuantizationConfig& config, Solution& solution);

}  // namespace rangefinder::observers
