#pragma once

#include <optional>

#include "targets/target.h"

namespace rangefinder::targets {

/// The profile of the same runtime whose activations have more bits, where nodes of both may stand
/// in one model: a choice gives a node those codes before it leaves it float
/// (docs/numerics/choice.md). Null: none.
const Target* wider_target(const Target& target);

/// How many bits the codes of activations have.
int activation_bits(const Target& target);

/// What figures of a tensor call the number of bits of its codes, where not all tensors of a model
/// have as many.
inline constexpr char kBitsFigure[] = "bits";

/// The grid of a tensor of which that figure is told, or none.
const quantization::TensorQuantizationConfig& activation_grid(const Target& target,
                                                              std::optional<double> bits);

}  // namespace rangefinder::targets
