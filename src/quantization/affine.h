#pragma once

#include <cstdint>

#include "quantization/range.h"

namespace rangefinder::quantization {

/// The integer codes a tensor may take, and what is asked of its parameters.
struct Grid {
  int64_t quant_min = 0;
  int64_t quant_max = 255;
  /// The zero point is fixed: 0 where quant_min < 0, else the middle code (see
  /// symmetric_zero_point).
  bool symmetric = false;
  /// The scale is a power of two.
  bool power_of_2 = false;

  /// Distance of the outermost codes, in steps.
  int64_t step_count() const { return quant_max - quant_min; }
  bool operator==(const Grid&) const = default;
};

/// real = (code - zero_point) * scale. The scale is the real step of one code, as in ONNX.
struct AffineParameters {
  float scale = 1;
  int32_t zero_point = 0;

  bool operator==(const AffineParameters&) const = default;
};

/// Throws std::invalid_argument unless quant_min < quant_max, both fit an int32 and, if symmetric,
/// there is a code on either side of the zero point.
void check_grid(const Grid& grid);

/// 0 on a signed grid, else (quant_min + quant_max) / 2 rounded half to even.
/// Throws std::invalid_argument as check_grid() does.
int32_t symmetric_zero_point(const Grid& grid);

/// A step as a usable scale: rounded to float32, or up to a power of two; at least the smallest
/// normal float (denormal scales are flushed to zero by many runtimes), never infinite.
/// Throws std::invalid_argument if the step is NaN or negative. Step 0 gives the smallest scale.
float representable_scale(double step, bool power_of_2 = false);

/// The parameters whose codes span `range`, widened to contain 0 [affine.md (1)-(5)].
///
/// Asymmetric: step = (max - min) / (quant_max - quant_min), zero point = quant_min - min / scale,
/// rounded half to even from the scale as stored, clipped to the grid. min >= 0 gives exactly
/// quant_min, max <= 0 exactly quant_max. Symmetric: step = 2 max|x| / (quant_max - quant_min).
/// No value of the range is restored with an error over one step, nor, if symmetric or as far as
/// the zero point is not rounded, over half a step.
/// The range [0, 0] has no step of its own: scale 1, zero point as for min = 0.
/// Throws std::invalid_argument on a bad grid, or unless min <= max are both finite.
AffineParameters affine_from_range(Range range, const Grid& grid);

/// The real values of the outermost codes.
Range covered_range(AffineParameters parameters, const Grid& grid);

}  // namespace rangefinder::quantization
