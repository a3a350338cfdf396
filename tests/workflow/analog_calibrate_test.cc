#include "workflow/analog_calibrate.h"

#include <gmock/gmock.h>

#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "analog/hardware/rpu_config_file.h"
#include "base/error.h"
#include "data/sample_source.h"
#include "support/local_ranks.h"
#include "workflow/analog_model.h"
#include "workflow/fixture.h"

namespace rangefinder::workflow {
namespace {

using analog::InputRangeType;
using testing::HasSubstr;

class AnalogCalibrateTest : public WorkflowTest {
 protected:
  analog::AnalogModel convert(
      analog::Compatibility compatibility = analog::Compatibility::kNone) const {
    return load_analog(model(), analog::parse_network_config(R"({"forward": {"inp_res": 254}})"),
                       compatibility);
  }
  AnalogCalibrateRequest request(InputRangeType type, bool is_list = true) const {
    AnalogCalibrateRequest request{.type = type,
                                   .samples = {.feed = engine::feed_from(*source_),
                                               .count = is_list ? source_->size() : 0,
                                               .is_list = is_list},
                                   .data = source_->fingerprint()};
    // Fewer rows than the layers see, so that it matters which are kept.
    request.options.max_samples = 30;
    return request;
  }
  static std::vector<std::vector<float>> ranges(const analog::AnalogModel& model) {
    std::vector<std::vector<float>> found;
    for (const auto& layer : model.layers) found.push_back(layer.input_range);
    return found;
  }
  std::vector<std::vector<float>> whole(InputRangeType type) const {
    auto model = convert();
    EXPECT_EQ(calibrate_analog(model, request(type)), kSampleCount);
    return ranges(model);
  }

  std::shared_ptr<const data::SampleSource> source_ = data::open_samples({samples()});
};

const InputRangeType kTypes[] = {
    InputRangeType::kMax,           InputRangeType::kMovingStd, InputRangeType::kMovingQuantile,
    InputRangeType::kCacheQuantile, InputRangeType::kQuantile,  InputRangeType::kMse};

TEST_F(AnalogCalibrateTest, ARunThatIsKilledGoesOnWithTheSameRanges) {
  for (const InputRangeType type : kTypes) {
    for (const bool is_list : {true, false}) {
      auto model = convert();
      AnalogCalibrateRequest killed = request(type, is_list);
      killed.pass.checkpoint = {.file = file("run.ckpt"), .every = 2};
      killed.run.progress = [](const std::string&, size_t done, size_t) {
        if (done == 7) throw std::logic_error("killed");
      };
      EXPECT_THROW(calibrate_analog(model, killed), std::logic_error);
      AnalogCalibrateRequest again = request(type, is_list);
      again.pass = killed.pass;
      EXPECT_EQ(calibrate_analog(model, again), kSampleCount);
      EXPECT_EQ(ranges(model), whole(type)) << to_string(type);
      remove_checkpoint(again.pass);
    }
  }
}

TEST_F(AnalogCalibrateTest, EveryRankHasTheRangesOfOneProcess) {
  for (const InputRangeType type : kTypes) {
    const auto expected = whole(type);
    for (const size_t size : {2u, 3u}) {
      test_support::LocalRanks ranks(size);
      ranks.run([&](Communicator& mine) {
        auto model = convert();
        AnalogCalibrateRequest shared = request(type);
        shared.pass.ranks = &mine;
        EXPECT_EQ(calibrate_analog(model, shared), kSampleCount);
        EXPECT_EQ(ranges(model), expected) << to_string(type) << ' ' << size;
      });
    }
  }
}

TEST_F(AnalogCalibrateTest, WhatDependsOnTheOrderIsNotShared) {
  test_support::LocalRanks ranks(2);
  EXPECT_THROW(ranks.run([&](Communicator& mine) {
    auto model = convert(analog::Compatibility::kAihwkit);
    AnalogCalibrateRequest shared = request(InputRangeType::kMax);
    shared.options.compatibility = analog::Compatibility::kAihwkit;
    shared.pass.ranks = &mine;
    calibrate_analog(model, shared);
  }),
               std::invalid_argument);
}

TEST_F(AnalogCalibrateTest, OtherOptionsAreAnotherRun) {
  auto model = convert();
  AnalogCalibrateRequest one = request(InputRangeType::kQuantile);
  one.pass.checkpoint = {.file = file("run.ckpt"), .every = 2};
  calibrate_analog(model, one);
  AnalogCalibrateRequest other = request(InputRangeType::kQuantile);
  other.pass = one.pass;
  other.options.quantile = 0.5;
  try {
    calibrate_analog(model, other);
    ADD_FAILURE() << "no error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("run.ckpt: belongs to another run: options 'quantile"));
  }
}

}  // namespace
}  // namespace rangefinder::workflow
