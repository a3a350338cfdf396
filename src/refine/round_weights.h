#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "refine/square_matrix.h"

namespace rangefinder::refine {

/// Which codes a weight may have.
struct CodeLimits {
  /// From -largest to largest.
  int largest = 127;
  /// Columns 2i and 2i + 1 are added up in 16 bits that saturate: their codes sum to at most
  /// passes::kLargestPairSum in magnitude.
  bool bound_pairs = false;
};

/// The weights of all channels that read the same rows, [column][channel], columns in the order in
/// which kernels add them up.
struct ChannelWeights {
  size_t columns = 0;
  size_t channels = 0;
  /// The weight over its channel's scale: what its code should be if codes were real.
  std::vector<float> reals = {};
  std::vector<int8_t> codes = {};
};

/// Of one channel: the sum over all rows of the square of the output's error, in steps of input and
/// weight, damping included, with the codes as they were and as they are now.
struct ChannelLoss {
  double before = 0;
  double after = 0;
};

/// Rounds weights so that the outputs, not the weights, change least: GPTQ (Frantar et al. 2022,
/// arXiv:2210.17323) in the form of LDLQ (Chee et al. 2023, arXiv:2307.13304), which is the same
/// [weight_rounding.md (3)-(6)]. Column after column is rounded to the nearest code that is
/// allowed, after what the errors so far do to the outputs has been made up for as well as it can.
/// `factor` is what factorize() makes of the rows' gram matrix.
///
/// A pair's first code leaves its second what both together need [weight_rounding.md (7)].
/// A channel keeps its codes, which must be within the limits, unless its loss falls.
/// Cost: channels * columns^2 in float32 on all cores; the same codes for any number of them.
/// Throws std::invalid_argument if sizes do not fit or a weight is not finite.
std::vector<ChannelLoss> round_weights(const SquareMatrix& factor, const CodeLimits& limits,
                                       ChannelWeights& weights);

/// What the first code of a pair is chosen by: the loss is
/// first_weight (first - q)^2 + second_weight (second - slope q - r)^2 for codes q and r.
struct PairTargets {
  float first;
  float first_weight;
  float second;
  float slope;
  float second_weight;
};

/// The code nearest to the first target, unless the second code could not follow: then the one of
/// least loss where both sum to the most that is allowed.
int first_code_of_pair(const PairTargets& targets, int largest);

}  // namespace rangefinder::refine
