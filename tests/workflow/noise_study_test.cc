#include "workflow/noise_study.h"

#include <gtest/gtest.h>

#include <cmath>
#include <stdexcept>

#include "analog/models.h"

namespace rangefinder::workflow {
namespace {

using analog::AnalogModel;
using analog::calibrated_model;
using analog::mixed_model;
using analog::network;
using analog::NetworkConfig;
using analog::pictures;
using analog::StreamSource;
using analog::WeightNoise;

AnalogModel noisy_model(double weight_noise, double output_noise) {
  NetworkConfig config = network(254);
  config.base.modifier.noise_type = WeightNoise::kAddNormal;
  config.base.modifier.std_dev = weight_noise;
  config.base.forward.out_noise = output_noise;
  return calibrated_model(config);
}

TEST(StudyNoise, GrowsWithTheNoiseAndFollowsItsSeed) {
  const StreamSource samples = pictures();
  const NoiseStudyOptions options{.draws = 5, .seed = 3};
  const NoiseStudy small = study_noise(noisy_model(0.02, 0), samples, options);
  const NoiseStudy large = study_noise(noisy_model(0.1, 0), samples, options);
  EXPECT_GT(small.mean, 2 * small.without_noise);
  EXPECT_GT(large.mean, 2 * small.mean);
  EXPECT_GT(large.spread, 0.0);
  EXPECT_EQ(small.relative_error.size(), 5u);
  EXPECT_EQ(study_noise(noisy_model(0.02, 0), samples, options).relative_error,
            small.relative_error);
}

TEST(StudyNoise, OutputNoiseAloneCounts) {
  const StreamSource samples = pictures();
  const NoiseStudy study = study_noise(noisy_model(0, 0.05), samples, {.draws = 3});
  EXPECT_GT(study.mean, 2 * study.without_noise);
}

TEST(StudyNoise, WithoutNoiseIsTheErrorOfTheConverters) {
  const StreamSource samples = pictures();
  const NoiseStudy study = study_noise(noisy_model(0, 0), samples, {.draws = 2});
  EXPECT_DOUBLE_EQ(study.mean, study.without_noise);
  EXPECT_EQ(study.spread, 0.0);
}

// One of two outputs has no error at all: it counts in the denominator as every other does.
TEST(StudyNoise, OutputsWithoutErrorCount) {
  onnx::ModelProto two = mixed_model();
  test_support::OnnxBuilder b;
  b.node("Mul", {"x", "hundred"}, {"exact"});
  b.initializer("hundred", {}, std::vector<float>{100});
  *two.mutable_graph()->add_node() = b.graph().node(0);
  *two.mutable_graph()->add_initializer() = b.graph().initializer(0);
  two.mutable_graph()->add_output()->set_name("exact");
  const StreamSource samples = pictures();
  const auto error = [&](onnx::ModelProto model) {
    AnalogModel converted = analog::convert_to_analog(std::move(model), network(14));
    analog::calibrate_input_ranges(converted, analog::InputRangeType::kMax,
                                   engine::feed_from(samples));
    return study_noise(converted, samples, {.draws = 1}).without_noise;
  };
  const double alone = error(mixed_model());
  double of_y = 0;
  double of_both = 0;
  for (size_t i = 0; i < samples.size(); ++i) {
    const auto sample = samples.read(i);
    const auto outputs = analog::run_model(mixed_model(), sample);
    for (const float y : outputs.at("y").floats()) of_y += y * y;
    for (const float x : sample.at("x").floats()) of_both += 1e4 * x * x;
  }
  of_both += of_y;
  EXPECT_GT(alone, 0);
  EXPECT_NEAR(error(two), alone * std::sqrt(of_y / of_both), alone * 1e-3);
}

TEST(StudyNoise, NeedsADraw) {
  const StreamSource samples = pictures();
  EXPECT_THROW(study_noise(noisy_model(0, 0), samples, {.draws = 0}), std::invalid_argument);
}

}  // namespace
}  // namespace rangefinder::workflow
