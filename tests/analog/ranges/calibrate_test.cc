#include "analog/ranges/calibrate.h"

#include <gmock/gmock.h>

#include <cmath>
#include <cstdint>
#include <optional>
#include <string>

#include "analog/models.h"
#include "base/error.h"

namespace rangefinder::analog {
namespace {

using testing::HasSubstr;

std::vector<std::vector<float>> ranges(const AnalogModel& model) {
  std::vector<std::vector<float>> result;
  for (const AnalogLayer& layer : model.layers) result.push_back(layer.input_range);
  return result;
}

const InputRangeType kTypes[] = {
    InputRangeType::kMax,           InputRangeType::kMovingStd, InputRangeType::kMovingQuantile,
    InputRangeType::kCacheQuantile, InputRangeType::kQuantile,  InputRangeType::kMse};

// Unfolds what the float model computes and takes the largest magnitudes.
TEST(CalibrateInputRanges, MaxIsThatOfTheUnfoldedActivations) {
  const AnalogModel model = calibrated_model(network(254, 7));
  const StreamSource samples = pictures();
  std::vector<float> expected(3, 0.0f);
  for (size_t i = 0; i < samples.size(); ++i) {
    const tensor::Tensor input = samples.read(i).at("x");
    const PatchGeometry geometry =
        convolution_geometry(*model.layers[0].sites[0].convolution, input.shape());
    for (size_t picture = 0; picture < 2; ++picture) {
      const auto rows = unfold(geometry, input.floats().subspan(picture * 72, 72));
      for (size_t k = 0; k < rows.size(); ++k) {
        float& largest = expected[k % 18 / 6];
        largest = std::max(largest, std::fabs(rows[k]));
      }
    }
  }
  EXPECT_EQ(model.layers[0].input_range, expected);
  EXPECT_TRUE(model.layers[0].config.pre_post.input_range.enable);
}

TEST(CalibrateInputRanges, IsTheSameForAnyNumberOfJobs) {
  const StreamSource samples = pictures(9);
  for (const InputRangeType type : kTypes) {
    AnalogModel one = convert_to_analog(mixed_model(), network(254, 7));
    AnalogModel three = one;
    const InputRangeOptions options{.quantile = 0.95, .max_samples = 40};
    calibrate_input_ranges(one, type, feed_from(samples), options, {.jobs = 1});
    calibrate_input_ranges(three, type, feed_from(samples), options, {.jobs = 3});
    EXPECT_EQ(ranges(one), ranges(three)) << to_string(type);
  }
}

/// The samples from `first` on that `step` skips to, by their place.
engine::SampleFeed every(const data::SampleSource& samples, uint64_t first, uint64_t step) {
  return [feed = feed_from(samples), first, step,
          place = uint64_t{0}]() mutable -> std::optional<engine::PendingSample> {
    while (auto sample = feed()) {
      if (place++ % step != first) continue;
      sample->place = place - 1;
      return sample;
    }
    return std::nullopt;
  };
}

TEST(RangeCalibration, PartsAddUpAsBytesInAnyOrder) {
  const StreamSource samples = pictures(9);
  for (const InputRangeType type : kTypes) {
    AnalogModel whole = convert_to_analog(mixed_model(), network(254, 7));
    AnalogModel model = whole;
    // Fewer rows than there are, so that which of them are kept matters.
    const InputRangeOptions options{.quantile = 0.95, .max_samples = 40};
    calibrate_input_ranges(whole, type, feed_from(samples), options, {.jobs = 1});
    RangeCalibration sum(model, type, options);
    for (const uint64_t first : {2u, 0u, 1u}) {
      RangeCalibration part(model, type, options);
      EXPECT_EQ(part.observe(every(samples, first, 3), {.jobs = 2}, {}), 3u);
      sum.add(part.bytes(), "part");
    }
    sum.finish();
    EXPECT_EQ(ranges(model), ranges(whole)) << to_string(type);
  }
}

// AIHWKIT-Lightning's depend on the order, which stays when a pass is cut in two.
TEST(RangeCalibration, APassThatIsCutInTwoGivesTheSame) {
  const StreamSource samples = pictures(8);
  for (const InputRangeType type :
       {InputRangeType::kMax, InputRangeType::kMovingStd, InputRangeType::kMovingQuantile,
        InputRangeType::kCacheQuantile}) {
    AnalogModel whole = convert_to_analog(mixed_model(), network(254, 7), Compatibility::kAihwkit);
    AnalogModel model = whole;
    const InputRangeOptions options{
        .quantile = 0.95, .max_samples = 40, .compatibility = Compatibility::kAihwkit};
    calibrate_input_ranges(whole, type, feed_from(samples), options);
    std::string saved;
    for (const uint64_t half : {0u, 1u}) {
      RangeCalibration part(model, type, options);
      if (half == 1) part.add(saved, "saved");
      part.observe(
          [feed = feed_from(samples, 4 + 4 * half), place = uint64_t{0},
           half]() mutable -> std::optional<engine::PendingSample> {
            while (place < 4 * half) ++place, feed();
            auto sample = feed();
            if (sample) sample->place = place++;
            return sample;
          },
          {}, {});
      saved = part.bytes();
      if (half == 1) part.finish();
    }
    EXPECT_EQ(ranges(model), ranges(whole)) << to_string(type);
  }
}

TEST(RangeCalibration, BytesOfSomethingElseAreRefused) {
  AnalogModel model = convert_to_analog(mixed_model(), network(254, 7));
  for (const InputRangeType type : kTypes) {
    RangeCalibration seen(model, type, {});
    seen.observe(feed_from(pictures(2)), {}, {});
    const std::string good = seen.bytes();
    for (size_t size = 0; size < good.size(); size += 1 + size / 8) {
      RangeCalibration other(model, type, {});
      EXPECT_THROW(other.add(std::string_view(good).substr(0, size), "cut"), Error)
          << to_string(type) << ' ' << size;
    }
  }
}

// Upstream layers must not be clipped, and an ADC must not matter: once more gives the same.
TEST(CalibrateInputRanges, CanBeRepeatedAndDoesNotSeeTheConverters) {
  NetworkConfig config = network(14, 7);
  config.base.forward.out_bound = 1;
  config.base.forward.out_res = 14;
  const StreamSource samples = pictures();
  for (const InputRangeType type : kTypes) {
    AnalogModel model = convert_to_analog(mixed_model(), config);
    calibrate_input_ranges(model, type, feed_from(samples));
    const auto first = ranges(model);
    calibrate_input_ranges(model, type, feed_from(samples));
    EXPECT_EQ(ranges(model), first) << to_string(type);
  }
}

TEST(CalibrateInputRanges, NoneChangesNothingNotEvenTheData) {
  AnalogModel model = convert_to_analog(mixed_model(), network(254));
  const engine::SampleFeed broken = []() -> std::optional<engine::PendingSample> {
    throw Error("must not be read");
  };
  EXPECT_EQ(calibrate_input_ranges(model, InputRangeType::kNone, broken), 0u);
  EXPECT_TRUE(model.layers[0].input_range.empty());
}

/// Calibrating fails with a message that has `what`, and changes nothing.
void expect_failure(const data::SampleSource& samples, const std::string& what) {
  for (const InputRangeType type : kTypes) {
    AnalogModel model = calibrated_model(network(254));
    const auto before = ranges(model);
    try {
      calibrate_input_ranges(model, type, feed_from(samples));
      FAIL() << what;
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr(what));
    }
    EXPECT_EQ(ranges(model), before);
  }
}

class SpoiledSource : public StreamSource {
 public:
  explicit SpoiledSource(float value) : StreamSource("normal", {2, 2, 6, 6}, 3), value_(value) {}
  tensor::NamedTensors read(size_t index) const override {
    auto sample = StreamSource::read(index);
    if (index == 2) sample.at("x").floats()[40] = value_;
    return sample;
  }

 private:
  float value_;
};

TEST(CalibrateInputRanges, RefusesBadDataAndStaysAsItWas) {
  expect_failure(StreamSource("normal", {2, 2, 6, 6}, 0), "no samples");
  expect_failure(StreamSource("zeros", {2, 2, 6, 6}, 2), "Conv_c1");
  expect_failure(SpoiledSource(NAN), "NaN");
  expect_failure(SpoiledSource(INFINITY), "infinity");
  expect_failure(StreamSource("normal", {2, 3, 6, 6}, 2), "x");
}

TEST(CalibrateInputRanges, AnAllZeroSampleChangesNothing) {
  class WithZeros : public StreamSource {
   public:
    WithZeros() : StreamSource("normal", {2, 2, 6, 6}, 5) {}
    tensor::NamedTensors read(size_t index) const override {
      if (index < 4) return StreamSource::read(index);
      return {{"x", tensor::Tensor(tensor::ElementType::kFloat32, {2, 2, 6, 6})}};
    }
  };
  NetworkConfig config = network(254);
  config.excluded = {"Conv_c2", "Gemm*", "MatMul*"};  // Biases make later layers' inputs non-zero.
  for (const InputRangeType type : kTypes) {
    AnalogModel with = convert_to_analog(mixed_model(), config);
    AnalogModel without = with;
    const WithZeros zeros;
    const StreamSource samples = pictures();
    calibrate_input_ranges(with, type, feed_from(zeros));
    calibrate_input_ranges(without, type, feed_from(samples));
    EXPECT_EQ(ranges(with), ranges(without)) << to_string(type);
  }
}

TEST(CalibrateInputRanges, BadOptionsAreMisuse) {
  AnalogModel model = convert_to_analog(mixed_model(), network(254));
  const StreamSource samples = pictures();
  EXPECT_THROW(
      calibrate_input_ranges(model, InputRangeType::kMax, feed_from(samples), {.quantile = 1.5}),
      std::invalid_argument);
}

// A layer that two nodes call sees both: y = (x w) w with w = 3, so 1 and 3 come in.
TEST(CalibrateInputRanges, ALayerThatIsCalledTwiceSeesBothCalls) {
  test_support::OnnxBuilder b;
  b.input("x", {-1, 1});
  b.initializer("w", {1, 1}, std::vector<float>{3});
  b.node("MatMul", {"x", "w"}, {"y"});
  b.node("MatMul", {"y", "w"}, {"z"});
  b.output("z", {-1, 1});
  AnalogModel model = convert_to_analog(b.model(), network(254));
  int left = 1;
  const Sampler sampler = [&]() -> std::optional<ModelInputs> {
    if (left-- == 0) return std::nullopt;
    return ModelInputs{.positional = {tensor::Tensor::from_floats({1, 1}, std::vector{1.0f})}};
  };
  calibrate_input_ranges(model, InputRangeType::kMovingQuantile,
                         feed_from(sampler, input_names(model.model)), {.quantile = 1.0});
  EXPECT_EQ(ranges(model), (std::vector<std::vector<float>>{{2.0f}}));
}

}  // namespace
}  // namespace rangefinder::analog
