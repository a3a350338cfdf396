#include "analog/noise_study.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "analog/models.h"

namespace rangefinder::analog {
namespace {

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

TEST(StudyNoise, NeedsADraw) {
  const StreamSource samples = pictures();
  EXPECT_THROW(study_noise(noisy_model(0, 0), samples, {.draws = 0}), std::invalid_argument);
}

}  // namespace
}  // namespace rangefinder::analog
