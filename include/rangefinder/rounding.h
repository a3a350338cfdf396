#pragma once

#include <string_view>

#include "rangefinder/export.h"

namespace rangefinder {

/// How a real number becomes an integer. Ties are values exactly between two integers.
///
/// The reference (PPQ) has two implementations that disagree on negative numbers; here there is
/// one. Equations and a table: docs/numerics/rounding.md.
enum class Rounding {
  kHalfEven,         ///< nearest, ties to the even one: ONNX's rule and the default
  kHalfUp,           ///< nearest, ties towards +infinity
  kHalfDown,         ///< nearest, ties towards -infinity
  kHalfTowardsZero,  ///< nearest, ties towards 0
  kHalfFarFromZero,  ///< nearest, ties away from 0 (C's round())
  kToNearInt,        ///< the reference's name for kHalfFarFromZero; the same numbers
  kUp,               ///< towards +infinity: ceil
  kDown,             ///< towards -infinity: floor
};

/// "half-even", "half-up", ...: as on the command line. Case and '_' for '-' do not matter when
/// parsing, and the reference's names (ROUND_HALF_EVEN, ROUND_HALF_FAR_FORM_ZERO) are understood.
/// Throws std::invalid_argument listing the known names.
RANGEFINDER_API Rounding rounding_from_name(std::string_view name);
RANGEFINDER_API std::string_view name_of(Rounding rounding);

}  // namespace rangefinder
