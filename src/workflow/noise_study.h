#pragma once

#include <cstdint>
#include <vector>

#include "analog/layers/analog_model.h"
#include "data/sample_source.h"
#include "rangefinder/analog.h"
#include "rangefinder/run_control.h"

namespace rangefinder::workflow {

struct NoiseStudyOptions {
  int draws = 10;
  uint64_t seed = 0;
  RunControl run = {};
};

using rangefinder::NoiseStudy;

/// Runs the calibrated model `draws` times over the samples, each time with new weight noise
/// (modifier.noise_type, std_dev) and output noise (forward.out_noise) from the seed, against the
/// float model. Seeds give the same weights everywhere; output noise is drawn by ONNX Runtime.
/// Throws std::invalid_argument unless draws > 0; Error as analysis::model_error() does.
NoiseStudy study_noise(const analog::AnalogModel& model, const data::SampleSource& samples,
                       const NoiseStudyOptions& options = {});

}  // namespace rangefinder::workflow
