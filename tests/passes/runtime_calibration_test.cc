#include "passes/runtime_calibration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <deque>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

#include "base/error.h"
#include "observers/ppq/methods.h"
#include "observers/registry.h"

namespace rangefinder::passes {
namespace {

using quantization::Dominance;
using quantization::State;
using testing::ElementsAre;
using testing::HasSubstr;
using Config = quantization::TensorQuantizationConfig;

Config asymmetric() { return Config::linear(quantization::Symmetry::kAsymmetric); }

// Activations with the statistics they point to.
class Fixture : public testing::Test {
 protected:
  Activation& add(const std::string& name, const std::vector<float>& values) {
    auto& channels = statistics_.emplace_back(1);
    channels[0].add(values);
    activations_.push_back({.name = name, .config = asymmetric(), .seen = {.channels = channels}});
    return activations_.back();
  }
  std::vector<Config> configs() const {
    std::vector<Config> result;
    for (const Activation& activation : activations_) result.push_back(activation.config);
    return result;
  }
  void set(const std::vector<Config>& configs) {
    for (size_t i = 0; i < configs.size(); ++i) activations_[i].config = configs[i];
  }
  std::vector<CalibratedActivation> run(const RuntimeCalibration& pass) {
    return pass.run(activations_, Dominance(activations_.size()));
  }
  State state(size_t i) const { return activations_[i].config.state(); }
  float scale(size_t i) const { return activations_[i].config.scale.at(0); }

  std::deque<std::vector<statistics::TensorStatistics>> statistics_;
  std::vector<Activation> activations_;
};

using RuntimeCalibrationTest = Fixture;

TEST_F(RuntimeCalibrationTest, CalibratesInitialActivationsOnly) {
  add("a", {0, 255});
  add("b", {0, 255}).config.activate({7}, {0});
  add("c", {0, 255}).config.move_to(State::kFp32);
  const auto done = run({.method = "MinMax"});
  EXPECT_THAT(done, ElementsAre(CalibratedActivation{"a", "minmax", {}}));
  EXPECT_EQ(state(0), State::kActivated);
  EXPECT_EQ(scale(0), 1);
  EXPECT_EQ(activations_[0].config.observer, "minmax");
  EXPECT_EQ(scale(1), 7);
  EXPECT_EQ(activations_[1].config.observer, "") << "others are not retagged";
  EXPECT_EQ(state(2), State::kFp32);
}

TEST_F(RuntimeCalibrationTest, OverrideCalibratesAgain) {
  add("a", {0, 255}).config.activate({7}, {0});
  const auto done = run({.method = "minmax", .override_active = true});
  EXPECT_EQ(done.size(), 1u);
  EXPECT_EQ(scale(0), 1);
  EXPECT_EQ(state(0), State::kActivated);
}

TEST_F(RuntimeCalibrationTest, OverrideLeavesWhatTheTargetPrescribes) {
  add("gate", {}).config.activate({7}, {0});
  activations_[0].config.observer = kPrescribed;
  add("a", {0, 255}).config.activate({7}, {0});
  const auto done = run({.method = "minmax", .override_active = true});
  EXPECT_THAT(done, ElementsAre(CalibratedActivation{"a", "minmax", {}}));
  EXPECT_EQ(scale(0), 7);
  EXPECT_EQ(activations_[0].config.observer, "fixed");
}

TEST_F(RuntimeCalibrationTest, LeavesDominatedOnesToTheirRoot) {
  add("root", {0, 255});
  add("fused", {0, 1});
  Dominance dominance(2);
  std::vector<Config> c = configs();
  dominance.dominate(1, 0, c);
  set(c);
  RuntimeCalibration{.method = "minmax"}.run(activations_, dominance);
  EXPECT_EQ(scale(0), 1);
  EXPECT_EQ(state(1), State::kOverlapped);
  EXPECT_TRUE(activations_[1].config.scale.empty());
}

TEST_F(RuntimeCalibrationTest, AlignedGroupsAreSolvedTogetherAndFollowAnOverride) {
  add("a", {0, 100}).config.activate({9}, {0});
  add("b", {0, 255});
  Dominance dominance(2);
  std::vector<Config> c = configs();
  dominance.master(1, 0, c);
  c[0].move_to(State::kPassive);  // as alignment leaves the group's root
  set(c);
  ASSERT_EQ(state(1), State::kPassive);
  EXPECT_TRUE(RuntimeCalibration{.method = "minmax"}.run(activations_, dominance).empty());
  EXPECT_EQ(scale(1), 9);
  RuntimeCalibration{.method = "minmax", .override_active = true}.run(activations_, dominance);
  EXPECT_EQ(state(0), State::kActivated);
  EXPECT_EQ(state(1), State::kPassive);
  EXPECT_EQ(scale(0), 1) << "the larger member's range counts";
  EXPECT_EQ(scale(1), 1);
}

TEST_F(RuntimeCalibrationTest, APassiveTensorOfItsOwnIsNotTouched) {
  add("bias-like", {0, 255}).config.activate({9}, {0});
  activations_[0].config.move_to(State::kPassive);
  EXPECT_TRUE(run({.method = "minmax", .override_active = true}).empty());
  EXPECT_EQ(scale(0), 9);
}

// Nearly all values are small; those that are not carry the squared error.
std::vector<float> heavy_tail() {
  std::vector<float> values(20000);
  for (size_t i = 0; i < values.size(); ++i) {
    values[i] = i % 12000 == 1 ? 0.9f : 0.01f * static_cast<float>(i % 97) / 97;
  }
  return values;
}

TEST_F(RuntimeCalibrationTest, WatchesWhatAMethodClipsUnlessATensorIsNamed) {
  for (const char* name : {"free", "bounded", "named"}) add(name, heavy_tail());
  RuntimeCalibration pass{.method = "percentile", .method_for = {{"nam*", "percentile"}}};
  pass.options.percentile = 0.999;
  pass.known_bounds = {{"bounded", {0, 1}}, {"named", {0, 1}}};
  const auto done = run(pass);
  EXPECT_LT(scale(2) * 255, 0.02f) << "asked for by name";
  EXPECT_TRUE(done[2].figures.empty());
  EXPECT_FLOAT_EQ(scale(1) * 255, 0.9f);
  EXPECT_EQ(done[1].figures.at("known_max"), 1);
  EXPECT_GT(scale(0) * 255, 0.5f);
  EXPECT_GT(done[0].figures.at("guard_ratio"), 2);
  EXPECT_EQ(done[0].method, "percentile");
}

TEST_F(RuntimeCalibrationTest, LeavesRoomForUnseenValuesIfToldAndNobodyNamedTheTensor) {
  std::vector<float> few;
  for (int i = 0; i < 40; ++i) few.push_back(static_cast<float>(i * i));
  std::vector<statistics::BatchFigures> one_a_sample(1);
  for (const float value : few) {
    statistics::Extrema extrema;
    extrema.add(value);
    one_a_sample[0].add(extrema);
  }
  for (const char* name : {"free", "bounded", "named"}) {
    add(name, few).seen.batches = one_a_sample;
  }
  RuntimeCalibration pass{.method = "mse", .method_for = {{"nam*", "mse"}}};
  pass.known_bounds = {{"bounded", {0, 2000}}};
  EXPECT_TRUE(run(pass)[0].figures.empty()) << "not told";
  const float seen = scale(0);
  pass.override_active = true;
  pass.leaves_room = true;
  const auto done = run(pass);
  EXPECT_GT(scale(0), 1.1f * seen);
  EXPECT_GT(done[0].figures.at("room_above"), 0);
  EXPECT_EQ(done[0].figures.at("room_below"), 0);
  EXPECT_FALSE(done[1].figures.contains("room_above"));
  EXPECT_EQ(scale(2), seen);
}

TEST_F(RuntimeCalibrationTest, MethodsByPatternWinOverTheGlobalOne) {
  for (const char* name : {"block1.conv", "block1.relu", "block2.conv"}) add(name, {0, 1, 255});
  activations_[2].config.observer = "std";
  const auto done =
      run({.method = "minmax", .method_for = {{"*.relu", "Percentile"}, {"block1.*", "mse"}}});
  ASSERT_EQ(done.size(), 3u);
  EXPECT_EQ(done[0].method, "mse");
  EXPECT_EQ(done[1].method, "percentile");
  EXPECT_EQ(done[2].method, "minmax");
}

TEST_F(RuntimeCalibrationTest, PatternsFitAnyNameOfATensorAndTakeBracketsAsTheyAre) {
  for (const char* name : {"relu[0]", "relu0", "b"}) add(name, {0, 1, 255});
  const auto done = run({.method = "minmax",
                         .method_for = {{"relu[0]", "mse"}, {"conv?", "percentile"}},
                         .other_names = {{"b", {"conv7", "bn7"}}}});
  ASSERT_EQ(done.size(), 3u);
  EXPECT_EQ(done[0].method, "mse");
  EXPECT_EQ(done[1].method, "minmax");
  EXPECT_EQ(done[2].method, "percentile");
}

TEST_F(RuntimeCalibrationTest, WithoutAGlobalMethodTheConfigsOwnCounts) {
  add("a", {0, 255}).config.observer = "Percentile";
  EXPECT_EQ(run({}).at(0).method, "percentile");
  add("b", {0, 255});
  EXPECT_THROW(run({}), std::invalid_argument);
}

TEST_F(RuntimeCalibrationTest, UnknownMethodsAreRefusedEvenWhereNothingIsDue) {
  try {
    run({.method = "minmax", .method_for = {{"x", "entropy"}}});
    FAIL();
  } catch (const std::invalid_argument& error) {
    EXPECT_THAT(error.what(), HasSubstr("'entropy'"));
    EXPECT_THAT(error.what(), HasSubstr("minmax"));
  }
}

TEST_F(RuntimeCalibrationTest, TensorsThatSawNoDataAreAllNamedAndNothingIsWritten) {
  add("good", {0, 255});
  add("dead.one", {});
  add("dead.two", {std::nanf("")});
  try {
    run({.method = "minmax"});
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("'dead.one', 'dead.two'"));
    EXPECT_THAT(error.what(), Not(HasSubstr("good")));
  }
  EXPECT_EQ(state(0), State::kInitial);
}

TEST_F(RuntimeCalibrationTest, LongListsOfNamesAreCut) {
  for (int i = 0; i < 25; ++i) add("t" + std::to_string(i), {});
  try {
    run({.method = "minmax"});
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("and 15 more"));
  }
}

TEST_F(RuntimeCalibrationTest, MustRunBeforeThePassiveParameterPass) {
  add("a", {0, 255});
  Parameter bias = {.name = "conv.bias",
                    .config = Config::linear(quantization::Symmetry::kSymmetric, 32)};
  const RuntimeCalibration pass = {.method = "minmax"};
  bias.config.move_to(State::kPassiveInit);
  EXPECT_NO_THROW(pass.run(activations_, Dominance(1), {&bias, 1}));
  bias.config.scale = {1};
  bias.config.offset = {0};
  bias.config.move_to(State::kPassive);
  try {
    pass.run(activations_, Dominance(1), {&bias, 1});
    FAIL();
  } catch (const std::invalid_argument& error) {
    EXPECT_THAT(error.what(), HasSubstr("'conv.bias'"));
    EXPECT_THAT(error.what(), HasSubstr("before the passive-parameter pass"));
  }
}

TEST_F(RuntimeCalibrationTest, ErrorsOfTheMethodNameTheTensor) {
  add("good", {0, 255});
  auto& channels = statistics_.emplace_back(2);
  channels[0].add(std::vector<float>{1});
  Config config = asymmetric();
  config.properties.granularity = quantization::Granularity::kPerChannel;
  config.channel_axis = 1;
  activations_.push_back({.name = "half-dead", .config = config, .seen = {.channels = channels}});
  try {
    run({.method = "minmax"});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.place().tensor, "half-dead");
    EXPECT_THAT(error.what(), HasSubstr("Channel 1 of 2 saw no data"));
  }
  EXPECT_EQ(state(0), State::kInitial) << "all or nothing";
}

TEST_F(RuntimeCalibrationTest, MethodsThatSeeRawBatchesGetThem) {
  if (!observers::registry().contains("ppq-kl-for-test")) {
    observers::register_calibration_observer(
        "ppq-kl-for-test", [](const Config& config, const observers::CalibrationOptions& options) {
          return observers::ppq::registry().create("kl", config, options);
        });
  }
  Activation& a = add("a", {0, 255});
  a.config = Config::linear(quantization::Symmetry::kSymmetric);
  add("b", {0, 255});
  const RuntimeCalibration pass = {.method = "minmax", .method_for = {{"a", "ppq-kl-for-test"}}};
  EXPECT_THROW(run(pass), std::invalid_argument);
  EXPECT_EQ(state(1), State::kInitial) << "all or nothing";
  size_t pass_count = 0;
  pass.run(activations_, Dominance(2), {},
           [&](std::span<const size_t> wanted, const RawVisitor& visit) {
             ++pass_count;
             EXPECT_THAT(std::vector(wanted.begin(), wanted.end()), ElementsAre(0));
             visit(0, tensor::Tensor::from_floats({4}, std::vector<float>{0, 1, 2, 255}).view());
           });
  EXPECT_EQ(pass_count, 2u);
  EXPECT_EQ(state(0), State::kActivated);
  EXPECT_EQ(state(1), State::kActivated);
}

/// Remembers which tensor was solved by which thread.
struct Solved {
  float max;
  std::thread::id thread;
};
std::vector<Solved>& solved() {
  static std::vector<Solved> all;
  return all;
}

/// Keeps the default: it may not be solved beside others.
class Recorder : public observers::Observer {
 public:
  observers::Solution solve(const observers::Observations& seen) override {
    solved().push_back({seen.channels[0].extrema.max, std::this_thread::get_id()});
    return {.parameters = {{1, 0}}};
  }
};

TEST_F(RuntimeCalibrationTest, ObserversThatWantToBeAloneAreSolvedInOrderByTheCaller) {
  observers::register_calibration_observer("recorder-for-test",
                                           [](const Config&, const observers::CalibrationOptions&) {
                                             return std::make_unique<Recorder>();
                                           });
  for (int i = 1; i <= 40; ++i) add("t" + std::to_string(i), {0, static_cast<float>(i)});
  const auto done = run({.method = "recorder-for-test", .method_for = {{"t2*", "minmax"}}});
  EXPECT_EQ(done.size(), 40u);
  EXPECT_EQ(scale(19), 20.0f / 255) << "others are solved as ever";
  ASSERT_EQ(solved().size(), 29u);
  for (size_t i = 0; i < solved().size(); ++i) {
    EXPECT_EQ(solved()[i].thread, std::this_thread::get_id());
    if (i > 0) {
      EXPECT_LT(solved()[i - 1].max, solved()[i].max);
    }
  }
}

TEST_F(RuntimeCalibrationTest, WhatGoesWrongInARawPassNamesTheTensor) {
  add("a", {0, 255});
  const auto show_nothing = [](std::span<const size_t>, const RawVisitor&) {};
  try {
    RuntimeCalibration{.method = "mean-percentile"}.run(activations_, Dominance(1), {},
                                                        show_nothing);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.place().tensor, "a");
  }
}

}  // namespace
}  // namespace rangefinder::passes
