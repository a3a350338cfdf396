#include "workflow/noise_study.h"

#include <cmath>
#include <stdexcept>

#include "analog/export/export_model.h"
#include "workflow/model_errors.h"

namespace rangefinder::workflow {
namespace {

double relative_error(const analog::AnalogModel& model, const onnx::ModelProto& noisy,
                      const data::SampleSource& samples, const RunControl& run) {
  double error = 0.0;
  double power = 0.0;
  for (const auto& output : model_errors(model.model, noisy, {}, samples, run)) {
    error += output.metrics.error_power();
    power += output.metrics.real_power();
  }
  return error == 0.0 ? 0.0 : std::sqrt(error / power);
}

}  // namespace

NoiseStudy study_noise(const analog::AnalogModel& model, const data::SampleSource& samples,
                       const NoiseStudyOptions& options) {
  if (options.draws < 1) throw std::invalid_argument("a noise study needs one draw or more");
  NoiseStudy study;
  study.without_noise = relative_error(model, analog::export_model(model), samples, options.run);
  double sum = 0.0;
  for (int draw = 0; draw < options.draws; ++draw) {
    const uint64_t seed = options.seed * 0x9e3779b97f4a7c15u + static_cast<uint64_t>(draw);
    const onnx::ModelProto noisy = analog::export_model(model, {.noise_seed = seed});
    study.relative_error.push_back(relative_error(model, noisy, samples, options.run));
    sum += study.relative_error.back();
  }
  study.mean = sum / options.draws;
  double squares = 0.0;
  for (const double error : study.relative_error) {
    squares += (error - study.mean) * (error - study.mean);
  }
  if (options.draws > 1) study.spread = std::sqrt(squares / (options.draws - 1));
  return study;
}

}  // namespace rangefinder::workflow
