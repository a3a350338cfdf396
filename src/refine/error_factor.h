#pragma once

#include "refine/square_matrix.h"

namespace rangefinder::refine {

/// Share of the mean diagonal that is added to the diagonal (Frantar et al. 2022, section 3.3).
inline constexpr double kDamping = 0.01;

/// Turns H, its lower triangle, into the lower triangular L with L^T L = H + damping I, in place
/// [weight_rounding.md (4)]: Cholesky's factorization from the last row to the first, what GPTQ
/// reads of the Cholesky factor of H^-1 without inverting anything.
///
/// Every pivot is at least the damping, which is what it is in exact arithmetic: what rounding or a
/// degenerate H takes below it is lifted to it, so that any H has a factor.
/// Cost: size^3 / 6 in float32 on all cores; the same bits for any number of them.
/// Returns false, and leaves H in no use, if its diagonal is not finite and positive somewhere.
bool factorize(SquareMatrix& h, double damping_share = kDamping);

}  // namespace rangefinder::refine
