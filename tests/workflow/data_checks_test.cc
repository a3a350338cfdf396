#include "workflow/data_checks.h"

#include <gmock/gmock.h>

#include "support/memory_samples.h"
#include "workflow/fixture.h"

namespace rangefinder::workflow {
namespace {

using tensor::NamedTensors;
using tensor::Tensor;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// Looks at samples of the fixture's classifier, or of another model.
class DataChecksTest : public WorkflowTest {
 protected:
  static NamedTensors sample(size_t seed, float scale = 1) {
    std::vector<float> values;
    for (size_t i = 0; i < 3 * 8 * 8; ++i) {
      values.push_back(scale * std::sin(static_cast<float>(7 * i + 131 * seed)));
    }
    return {{"x", Tensor::from_floats({1, 3, 8, 8}, values)}};
  }
  static NamedTensors pixels(size_t seed) {
    NamedTensors result = sample(seed, 100);
    for (float& x : result.at("x").floats()) x = std::round(std::abs(x));
    return result;
  }
  static NamedTensors filled(float value) {
    return {{"x", Tensor::from_floats({1, 3, 8, 8}, std::vector<float>(3 * 8 * 8, value))}};
  }
  template <class Make>
  static std::vector<NamedTensors> many(size_t count, const Make& make) {
    std::vector<NamedTensors> samples;
    for (size_t i = 0; i < count; ++i) samples.push_back(make(i));
    return samples;
  }

  static SampleInput input_of(const std::vector<NamedTensors>& samples) {
    return {.list = std::make_shared<test_support::MemorySamples>(samples)};
  }

  std::vector<report::DataCheckRow> checks(const std::vector<NamedTensors>& calibration,
                                           const std::vector<NamedTensors>& held_out,
                                           Nonfinite nonfinite = Nonfinite::kError) const {
    const Plan plan = make_plan(model());
    const auto samples = split_samples(input_of(calibration), {.held_out = input_of(held_out)});
    const auto seen =
        observe_both(plan, *samples, plan.observed(), {.jobs = 1, .nonfinite = nonfinite});
    return data_checks(plan, seen, held_out.size());
  }

  static std::vector<std::string> names(const std::vector<report::DataCheckRow>& rows) {
    std::vector<std::string> result;
    for (const auto& row : rows) result.push_back(row.name);
    return result;
  }
};

TEST_F(DataChecksTest, SoundDataPassThemAll) {
  EXPECT_THAT(names(checks(many(40, [](size_t i) { return sample(i); }),
                           many(10, [](size_t i) { return sample(100 + i); }))),
              IsEmpty());
}

TEST_F(DataChecksTest, FewSamplesAreSaid) {
  const auto all = many(40, [](size_t i) { return sample(i); });
  const std::vector<NamedTensors> one = {sample(99)};
  const auto rows = checks({sample(1), sample(2), sample(3)}, one);
  ASSERT_GE(rows.size(), 2u);
  EXPECT_EQ(rows[0].name, "few_samples");
  EXPECT_THAT(rows[0].message, HasSubstr("3 calibration samples"));
  EXPECT_EQ(rows[1].name, "few_held_out");
  EXPECT_THAT(names(checks(all, {})), ElementsAre("nothing_held_out"));
}

TEST_F(DataChecksTest, ABatchThatMayBeMeantAsManySamplesIsExplained) {
  const std::vector<float> values(64 * 3 * 8 * 8, 0.5f);
  NamedTensors batch = {{"x", Tensor::from_floats({64, 3, 8, 8}, values)}};
  batch.at("x").floats()[7] = -1;
  const auto rows = checks({batch}, {});
  ASSERT_FALSE(rows.empty());
  EXPECT_THAT(rows[0].message, HasSubstr("; each is a batch of 64, because"));
  EXPECT_THAT(rows[0].message, HasSubstr("array[:, None], a file holds 64 samples"));
  EXPECT_THAT(checks({sample(1)}, {})[0].message, testing::Not(HasSubstr("batch")));
}

TEST_F(DataChecksTest, IdenticalSamplesAreNamed) {
  auto calibration = many(20, [](size_t i) { return sample(i); });
  calibration[7] = calibration[3];
  auto held_out = many(8, [](size_t i) { return sample(100 + i); });
  auto rows = checks(calibration, held_out);
  ASSERT_THAT(names(rows), ElementsAre("identical_samples"));
  EXPECT_THAT(rows[0].message, HasSubstr("1 of 20"));
  EXPECT_FALSE(rows[0].is_grave);
  EXPECT_THAT(rows[0].message, HasSubstr("sample3 and sample7"));
  held_out[5] = calibration[3];
  rows = checks(calibration, held_out);
  ASSERT_THAT(names(rows), ElementsAre("identical_samples", "held_out_calibrated"));
  EXPECT_THAT(rows[1].message, HasSubstr("sample5 and sample3"));
}

TEST_F(DataChecksTest, SamplesThatHoldNothingAreSaid) {
  auto calibration = many(20, [](size_t i) { return sample(i); });
  calibration[0] = filled(0);
  calibration[1] = filled(3);
  calibration[2] = filled(4);
  const auto held_out = many(8, [](size_t i) { return sample(100 + i); });
  const auto rows = checks(calibration, held_out);
  ASSERT_THAT(names(rows), ElementsAre("zero_samples", "constant_samples"));
  EXPECT_THAT(rows[0].message, HasSubstr("input 'x' is all zero in 1 of 20 samples"));
  EXPECT_THAT(rows[1].message, HasSubstr("in 2 of 20 samples"));
  const auto none = many(20, [](size_t) { return filled(0); });
  const auto found = checks(none, {});
  EXPECT_THAT(names(found),
              ElementsAre("nothing_held_out", "identical_samples", "zero_samples", "no_pattern"));
  EXPECT_TRUE(found[1].is_grave);
  EXPECT_THAT(found[2].message, HasSubstr("all zero in all samples"));
  EXPECT_TRUE(found[3].is_grave);
}

TEST_F(DataChecksTest, PicturesThatTheFirstLayerDoesNotExpectAreSaid) {
  const auto calibration = many(20, pixels);
  const auto held_out = many(8, [](size_t i) { return pixels(100 + i); });
  // The norm of a channel's weights is about 0.3 sqrt(27 / 3) = 0.9, its bias 0.05, the pixels'
  // root mean square 70: over 1000.
  const Plan plan = make_plan(model());
  EXPECT_NEAR(loudness(plan, "x", 70).value(), 70 * 0.9 / 0.05, 0.5 * 70 * 0.9 / 0.05);
  EXPECT_THAT(names(checks(calibration, held_out)), ElementsAre("unnormalized"));
  auto mixed = calibration;
  mixed[4] = sample(4);
  const auto rows = checks(mixed, held_out);
  ASSERT_THAT(names(rows), ElementsAre("mixed_scales"));
  EXPECT_THAT(rows[0].message, HasSubstr("in 19 of 20 samples"));
}

TEST_F(DataChecksTest, ANetworkThatNormalizesMayTakePictures) {
  auto b = classifier();
  b.initializer("scale", {}, std::vector<float>{0.01f});
  b.node("Mul", {"x", "scale"}, {"normal"});
  auto& nodes = *b.graph().mutable_node();
  nodes.SwapElements(0, nodes.size() - 1);
  for (int i = nodes.size() - 1; i > 1; --i) nodes.SwapElements(i, i - 1);
  nodes[1].set_input(0, "normal");
  write_file(model(), b.bytes());
  EXPECT_EQ(loudness(make_plan(model()), "x", 70), std::nullopt);
  EXPECT_THAT(names(checks(many(20, pixels), many(8, [](size_t i) { return pixels(100 + i); }))),
              IsEmpty());
}

TEST_F(DataChecksTest, RangesThatStillMoveAreSaid) {
  const auto rows = checks(many(20, [](size_t i) { return sample(i); }),
                           many(8, [](size_t i) { return sample(100 + i, 2); }));
  ASSERT_THAT(names(rows), ElementsAre("ranges_move"));
  EXPECT_THAT(rows[0].message, HasSubstr("8 held-out samples"));
}

TEST_F(DataChecksTest, ValuesThatWereIgnoredAreCounted) {
  auto calibration = many(20, [](size_t i) { return sample(i); });
  calibration[2].at("x").floats()[5] = INFINITY;
  const auto held_out = many(8, [](size_t i) { return sample(100 + i); });
  const auto rows = checks(calibration, held_out, Nonfinite::kIgnore);
  ASSERT_FALSE(rows.empty());
  EXPECT_EQ(rows.back().name, "nonfinite_ignored");
}

}  // namespace
}  // namespace rangefinder::workflow
