#pragma once

#include <cstdint>

#include "quantization/affine.h"
#include "quantization/tensor_quantization_config.h"

namespace rangefinder::observers::ppq {

/// Scale and offset in double, as the reference holds them before its cast to float32.
struct ScaleAndOffset {
  double scale;
  double offset;

  quantization::AffineParameters rounded() const;
};

/// PPQ's floor of every scale (OBSERVER_MIN_SCALE); the config's detail "min_scale" replaces it.
constexpr double kMinScale = 1e-8;
double min_scale(const quantization::TensorQuantizationConfig& config);

/// PPQ's minmax_to_scale_offset (quantization/observer/range.py), for any observer's range.
///
/// Known faults, kept: asymmetric offsets ignore quant_min and are not clipped; a power of two is
/// taken after the offset was computed. Throws Error where the original raises: an offset of NaN
/// or infinity.
ScaleAndOffset affine_from_range(double min, double max,
                                 const quantization::TensorQuantizationConfig& config);

/// The same for a channel of a per-channel config, whose extremes the original holds as NumPy
/// float32: max - min is rounded to float32.
ScaleAndOffset affine_from_channel_range(float min, float max,
                                         const quantization::TensorQuantizationConfig& config);

}  // namespace rangefinder::observers::ppq
