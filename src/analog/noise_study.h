#pragma once

#include <cstdint>

#include "analog/analog_model.h"
#include "data/sample_source.h"
#include "engine/watch.h"

namespace rangefinder::analog {

struct NoiseStudyOptions {
  int draws = 10;
  uint64_t seed = 0;
  engine::WatchOptions run = {};
};

/// Error of a network's outputs under noise, over independent draws of all noise.
struct NoiseStudy {
  /// Relative error of each draw: sqrt(sum of squared errors / sum of squares) over all outputs.
  std::vector<double> relative_error;
  double mean = 0.0;
  /// Unbiased standard deviation; 0 with one draw.
  double spread = 0.0;
  /// The same error without any noise.
  double without_noise = 0.0;
};

/// Runs the calibrated model `draws` times over the samples, each time with new weight noise
/// (modifier.noise_type, std_dev) and output noise (forward.out_noise) from the seed, against the
/// float model. Seeds give the same weights everywhere; output noise is drawn by ONNX Runtime.
/// Throws std::invalid_argument unless draws > 0; Error as model_errors() does.
NoiseStudy study_noise(const AnalogModel& model, const data::SampleSource& samples,
                       const NoiseStudyOptions& options = {});

}  // namespace rangefinder::analog
