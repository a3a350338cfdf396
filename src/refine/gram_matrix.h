#pragma once

#include <cstddef>

#include "refine/code_rows.h"
#include "refine/square_matrix.h"

namespace rangefinder::refine {

/// Rows that sums of products of 9-bit differences of codes certainly fit 32 bits for.
inline constexpr size_t kMostGramRows = 33025;

/// The sum of x x^T over the rows x [weight_rounding.md (2)], its lower triangle: what an error of
/// the weights does to the outputs. Codes are integers and so are the sums: exact, then rounded to
/// float32, the same for any order of rows and any number of cores.
/// Cost: rows * columns^2 / 2 on all cores; 2 bytes a code and 4 an element of the result.
/// Throws std::invalid_argument: more than kMostGramRows rows, or `zero` outside [0, 255].
SquareMatrix gram_matrix(const CodeRows& rows);

}  // namespace rangefinder::refine
