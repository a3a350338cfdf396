#pragma once

#include <cstdint>
#include <vector>

#include "refine/code_rows.h"
#include "refine/round_weights.h"

namespace rangefinder::refine {

/// For each channel the sum over the rows x of the square of x (real - code), in steps of input and
/// weight, with the weights' own codes and with `codes`.
/// Cost: rows * columns * channels, twice, on all cores; the same for any number of them.
std::vector<ChannelLoss> output_errors(const CodeRows& rows, const ChannelWeights& weights,
                                       const std::vector<int8_t>& codes);

}  // namespace rangefinder::refine
