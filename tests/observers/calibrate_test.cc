#include "observers/calibrate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <stdexcept>

#include "base/error.h"
#include "observers/ppq/methods.h"

namespace rangefinder::observers {
namespace {

using quantization::State;
using testing::ElementsAre;
using testing::HasSubstr;
using Config = quantization::TensorQuantizationConfig;
using Channels = std::vector<statistics::TensorStatistics>;

Channels seen(const std::vector<std::vector<float>>& channels) {
  Channels result(channels.size());
  for (size_t c = 0; c < channels.size(); ++c) result[c].add(channels[c]);
  return result;
}

Config symmetric() { return Config::linear(quantization::Symmetry::kSymmetric); }

Config per_channel() {
  Config config = symmetric();
  config.properties.granularity = quantization::Granularity::kPerChannel;
  config.channel_axis = 1;
  return config;
}

std::string failure(const Channels& channels, Config config) {
  try {
    calibrate("minmax", {}, channels, config);
  } catch (const Error& error) {
    EXPECT_EQ(config.state(), State::kInitial);
    return error.what();
  }
  return "no error";
}

TEST(Calibrate, WritesScaleOffsetObserverAndState) {
  Config config = Config::linear(quantization::Symmetry::kAsymmetric);
  calibrate("MinMax", {}, seen({{-1, 254}}), config);
  EXPECT_EQ(config.state(), State::kActivated);
  EXPECT_THAT(config.scale, ElementsAre(1));
  EXPECT_THAT(config.offset, ElementsAre(1));
  EXPECT_EQ(config.observer, "minmax");
}

TEST(Calibrate, SolvesEveryChannel) {
  Config config = per_channel();
  calibrate("minmax", {}, seen({{255}, {-127.5f, 1}}), config);
  EXPECT_THAT(config.scale, ElementsAre(2, 1));
}

TEST(Calibrate, FallsBackToTheConfigsOwnMethod) {
  Config config = symmetric();
  config.observer = "MINMAX";
  calibrate("", {}, seen({{255}}), config);
  EXPECT_EQ(config.observer, "minmax");
  config = symmetric();
  EXPECT_THROW(calibrate("", {}, seen({{255}}), config), std::invalid_argument);
}

TEST(Calibrate, NamesWhatWasNotSeen) {
  const float infinity = std::numeric_limits<float>::infinity();
  EXPECT_THAT(failure({}, symmetric()), HasSubstr("No statistics"));
  EXPECT_THAT(failure(seen({{}}), symmetric()), HasSubstr("The tensor saw no data"));
  EXPECT_THAT(failure(seen({{std::nanf(""), infinity, infinity}}), symmetric()),
              HasSubstr("1 NaN and 2 infinities"));
  EXPECT_THAT(failure(seen({{1}, {}, {1}}), per_channel()), HasSubstr("Channel 1 of 3 saw no"));
}

TEST(Calibrate, DegenerateDataHaveDefinedResults) {
  for (const float value : {0.0f, 3.25f, -3.25f, 1e-41f}) {
    for (const auto symmetry :
         {quantization::Symmetry::kSymmetric, quantization::Symmetry::kAsymmetric}) {
      for (const char* method : {"minmax", "percentile"}) {
        Config config = Config::linear(symmetry);
        calibrate(method, {}, seen({{value}}), config);
        EXPECT_GT(config.scale[0], 0) << method << " of " << value;
      }
    }
  }
}

TEST(Calibrate, RefusesContradictionsAndUnknownMethods) {
  Config config = symmetric();
  EXPECT_THROW(calibrate("entropy", {}, seen({{1}}), config), std::invalid_argument);
  EXPECT_THROW(calibrate("minmax", {}, seen({{1}, {2}}), config), std::invalid_argument);
  EXPECT_THROW(calibrate("percentile", {.percentile = 0}, seen({{1}}), config),
               std::invalid_argument);
  EXPECT_THROW(calibrate("percentile", {.percentile = 1.5}, seen({{1}}), config),
               std::invalid_argument);
  config.quant_max = 1000;
  EXPECT_THROW(calibrate("minmax", {}, seen({{1}}), config), std::invalid_argument);
}

TEST(Calibrate, RefusesMethodsThatMustSeeRawTensors) {
  if (!registry().contains("calibrate-test-raw")) {
    register_calibration_observer("calibrate-test-raw",
                                  [](const Config& config, const CalibrationOptions& options) {
                                    return ppq::registry().create("kl", config, options);
                                  });
  }
  Config config = symmetric();
  try {
    calibrate("calibrate-test-raw", {}, seen({{1}}), config);
    FAIL();
  } catch (const std::invalid_argument& error) {
    EXPECT_THAT(error.what(), HasSubstr("raw tensors (2 passes)"));
  }
}

TEST(Calibrate, HonoursTheStates) {
  Config config = symmetric();
  config.move_to(State::kFp32);
  EXPECT_THROW(calibrate("minmax", {}, seen({{1}}), config), std::invalid_argument);
  EXPECT_EQ(config.state(), State::kFp32);
}

}  // namespace
}  // namespace rangefinder::observers
