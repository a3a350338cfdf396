#include "workflow/choose.h"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "base/error.h"
#include "engine/packed_model.h"
#include "workflow/compare.h"
#include "workflow/fixture.h"

namespace rangefinder::workflow {
namespace {

using testing::Contains;
using testing::Each;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;

/// A network that one of its parts ruins in integers: in a tensor of 1000 and values around 1 the
/// codes tell the 1000 alone, and a later factor takes those out again.
class ChooseTest : public WorkflowTest {
 protected:
  ChooseTest() { write_file(model(), ruinous().bytes()); }

  static test_support::OnnxBuilder ruinous() {
    test_support::OnnxBuilder b;
    b.input("x", {-1, 3, 8, 8});
    b.weights("w0", {4, 3, 3, 3}, 0.3f);
    b.initializer("b0", {4}, std::vector<float>{1000, 0, 0, 0});
    b.node("Conv", {"x", "w0", "b0"}, {"c0"}).ints("pads", {1, 1, 1, 1});
    std::vector<float> without_first(4 * 4, 0);
    for (const size_t place : {1, 6, 11, 13}) without_first[place] = 1;
    b.initializer("w1", {4, 4, 1, 1}, without_first);
    b.node("Conv", {"c0", "w1"}, {"c1"});
    b.weights("w2", {4, 4, 1, 1}, 0.4f);
    b.node("Conv", {"c1", "w2"}, {"c2"});
    b.node("GlobalAveragePool", {"c2"}, {"mean"});
    b.node("Flatten", {"mean"}, {"flat"});
    b.weights("w3", {4, 3}, 0.5f);
    b.node("Gemm", {"flat", "w3"}, {"y"});
    b.output("y", {-1, 3});
    return b;
  }

  QuantizeRequest request(const ChoiceOptions& choice, Effort effort = Effort::kNormal) const {
    QuantizeRequest request = quantize_request("int8.onnx");
    request.choice = choice;
    request.effort = effort;
    return request;
  }

  double decibels(const engine::ModelSource& quantized) const {
    return compare({.float_model = model(),
                    .quantized_model = quantized,
                    .samples = open_input({samples()})})
        .outputs[0]
        .sqnr_db;
  }

  static std::vector<std::string> nodes_of(const report::Summary& summary) {
    std::vector<std::string> nodes;
    for (const auto& part : summary.decisions) nodes.push_back(part.node);
    return nodes;
  }
};

TEST_F(ChooseTest, FastLeavesEverythingInIntegersAndTheOutputRuined) {
  const auto made = quantize(request({}, Effort::kFast));
  EXPECT_EQ(made.summary.integer_nodes, 4u);
  EXPECT_FALSE(made.summary.choice.has_value());
  EXPECT_LT(decibels(made.model), 10);
}

TEST_F(ChooseTest, NormalLeavesFloatWhatRuinsTheOutputAndNoMore) {
  const auto made = quantize(request({}));
  ASSERT_TRUE(made.summary.choice.has_value());
  const auto& choice = *made.summary.choice;
  EXPECT_EQ(choice.aim_db, kDefaultAim);
  EXPECT_LT(*choice.integer_db, kDefaultAim);
  EXPECT_GE(*choice.reached_db, kDefaultAim);
  EXPECT_TRUE(choice.is_reached);
  EXPECT_EQ(choice.part_count, 4u);
  EXPECT_LE(choice.float_count, 2u);
  EXPECT_GE(made.summary.integer_nodes, 2u);
  EXPECT_EQ(choice.written, "quantized");
  EXPECT_LE(choice.try_count, choice.part_count + 15);
  EXPECT_GE(decibels(made.model), kDefaultAim);
  EXPECT_THAT(made.summary.notes, Contains(HasSubstr("were rounded by what they do to outputs")));
  for (const auto& part : made.summary.decisions) {
    EXPECT_EQ(part.reason, "accuracy");
    EXPECT_TRUE(part.sqnr_db.has_value());
  }
  EXPECT_THAT(made.summary.float_nodes,
              Each(Field(&report::FloatNodeRow::reason, "is left float for accuracy")));
}

TEST_F(ChooseTest, AGoodModelIsLeftAsItIs) {
  write_file(model(), classifier().bytes());
  const auto fast = quantize(request({}, Effort::kFast));
  const auto asked = quantize(request({.min_sqnr = 3}, Effort::kFast));
  EXPECT_EQ(fast.model.bytes, asked.model.bytes);
  EXPECT_EQ(asked.summary.choice->float_count, 0u);
  EXPECT_EQ(asked.summary.choice->try_count, 1u);
  EXPECT_THAT(asked.summary.decisions, IsEmpty());
}

TEST_F(ChooseTest, WhatIntegersCannotReachIsFloat) {
  const auto made = quantize(request({.min_sqnr = 150}));
  EXPECT_EQ(made.summary.integer_nodes, 0u);
  EXPECT_EQ(made.summary.choice->written, "prepared float");
  EXPECT_TRUE(made.summary.choice->is_reached);
  EXPECT_GT(decibels(made.model), 90);
}

TEST_F(ChooseTest, IsTheSameForAnyNumberOfJobs) {
  auto two = request({});
  two.run.jobs = 2;
  EXPECT_EQ(quantize(request({})).model.bytes, quantize(two).model.bytes);
}

TEST_F(ChooseTest, AMetricIsAskedOfTheFloatModelFirst) {
  std::vector<double> told;
  const auto metric = [&](const engine::ModelSource& tried) {
    const double value = std::min(decibels(tried), 60.0);
    told.push_back(value);
    return value;
  };
  const auto made = quantize(request({.metric = metric, .max_drop = 40}));
  ASSERT_GE(told.size(), 3u);
  EXPECT_EQ(told.front(), 60) << "the float model";
  EXPECT_EQ(made.summary.choice->float_metric, 60);
  EXPECT_LT(*made.summary.choice->integer_metric, 20);
  EXPECT_GE(*made.summary.choice->reached_metric, 20);
  EXPECT_GE(decibels(made.model), 20);
  EXPECT_GE(made.summary.integer_nodes, 1u);
}

TEST_F(ChooseTest, WhatNoModelReachesIsSaid) {
  double value = 0;
  const auto falling = [&](const engine::ModelSource&) { return value -= 1; };
  const auto made = quantize(request({.metric = falling, .max_drop = 0.5}));
  EXPECT_FALSE(made.summary.choice->is_reached);
  EXPECT_EQ(made.summary.integer_nodes, 0u);
  EXPECT_THAT(made.summary.notes, Contains(HasSubstr("cannot be reached")));
  EXPECT_TRUE(std::filesystem::exists(file("int8.onnx")));
}

TEST_F(ChooseTest, AMetricThatFailsEndsTheWork) {
  const auto failing = [](const engine::ModelSource&) -> double { throw Error("no metric today"); };
  EXPECT_THROW(quantize(request({.metric = failing})), Error);
  const auto none = [](const engine::ModelSource&) { return std::nan(""); };
  EXPECT_THROW(quantize(request({.metric = none})), Error);
  EXPECT_THAT(leftovers(), IsEmpty());
}

TEST_F(ChooseTest, DecisionsAreWrittenAndGiveTheSameBytesAgain) {
  const auto first = quantize(request({.decisions = file("d.json")}));
  ASSERT_TRUE(std::filesystem::exists(file("d.json")));
  const auto again = quantize(request({.decisions = file("d.json")}));
  EXPECT_EQ(first.model.bytes, again.model.bytes);
  EXPECT_EQ(nodes_of(first.summary), nodes_of(again.summary));
  EXPECT_FALSE(again.summary.choice.has_value()) << "nothing was measured";
  EXPECT_EQ(again.summary.decisions[0].reason, "file");
  const auto other_aim = quantize(request({.min_sqnr = 150, .decisions = file("d.json")}));
  EXPECT_EQ(first.model.bytes, other_aim.model.bytes) << "the file decides";
}

TEST_F(ChooseTest, StatisticsAndDecisionsGiveTheSameModel) {
  auto making = request({.decisions = file("d.json")});
  making.results.statistics = file("s.rfs");
  const auto made = quantize(making);
  auto solving = solve_request("s.rfs", "solved.onnx");
  solving.decisions = file("d.json");
  const auto solved = solve(solving);
  EXPECT_EQ(read_file(file("solved.onnx")), read_file(file("int8.onnx")));
  EXPECT_EQ(solved.summary.integer_nodes, made.summary.integer_nodes);
}

TEST_F(ChooseTest, ExcludedNodesAreTheUsersDecision) {
  auto excluding = request({.min_sqnr = 20});
  excluding.plan.exclude = {"Gemm_y"};
  const auto made = quantize(excluding);
  EXPECT_THAT(made.summary.decisions,
              Contains(testing::AllOf(Field(&report::DecisionRow::node, "Gemm_y"),
                                      Field(&report::DecisionRow::reason, "user"))));
}

TEST_F(ChooseTest, TheQuickestOfWhatWasTimedIsWritten) {
  const auto made = quantize(request({.fastest = true}));
  const auto& choice = *made.summary.choice;
  ASSERT_GE(choice.timed.size(), 3u);
  double best = std::numeric_limits<double>::infinity();
  for (const auto& timed : choice.timed) {
    EXPECT_GT(timed.seconds, 0);
    best = std::min(best, timed.seconds);
  }
  const auto is_written = [&](const auto& timed) {
    const std::string& name = timed.model == "mixed" ? std::string("quantized") : timed.model;
    return name == choice.written && timed.seconds == best;
  };
  EXPECT_THAT(choice.timed, Contains(testing::Truly(is_written)));
  EXPECT_GE(decibels(made.model), kDefaultAim - 1) << "quick and good";
}

/// The same on a target with codes of 16 bits beside its own.
class MixTest : public ChooseTest {
 protected:
  /// Codes of 8 bits give 7 dB, those of 16 bits 18: the rest is the noise of weights.
  static constexpr double kWideAim = 12;

  QuantizeRequest qnn(const ChoiceOptions& choice) const {
    QuantizeRequest asked = request(choice);
    asked.plan.target = &targets::find_target("qnn");
    return asked;
  }

  static std::map<int, size_t> tensors_by_bits(const report::Summary& summary) {
    std::map<int, size_t> counts;
    for (const auto& row : summary.tensors) {
      const auto bits = row.figures.find("bits");
      ++counts[bits == row.figures.end() ? 0 : static_cast<int>(bits->second)];
    }
    return counts;
  }
};

TEST_F(MixTest, WiderCodesComeBeforeFloat) {
  const auto narrow = quantize(qnn({}));
  EXPECT_LT(decibels(narrow.model), 10);
  EXPECT_FALSE(narrow.summary.choice.has_value()) << "nothing was asked for";
  EXPECT_EQ(tensors_by_bits(narrow.summary).count(0), 1u) << "all have as many bits";
  const auto made = quantize(qnn({.min_sqnr = kWideAim}));
  EXPECT_TRUE(made.summary.choice->is_reached);
  EXPECT_EQ(made.summary.choice->float_count, 0u);
  EXPECT_EQ(made.summary.integer_nodes, 4u);
  EXPECT_GE(decibels(made.model), kWideAim) << "by QuantizeLinear and DequantizeLinear alone";
  const auto counts = tensors_by_bits(made.summary);
  EXPECT_GT(counts.at(16), 0u);
  EXPECT_GT(counts.at(8), 0u) << "not more than are needed";
  EXPECT_THAT(made.summary.notes, Contains(HasSubstr("compute on codes of 16 bits, 0 in float")));
  EXPECT_FALSE(made.decisions->wide_nodes.empty());
  EXPECT_THAT(made.decisions->nodes, IsEmpty());
}

TEST_F(MixTest, WhatWiderCodesCannotReachIsFloat) {
  const auto made = quantize(qnn({.min_sqnr = 50}));
  const auto& choice = *made.summary.choice;
  EXPECT_TRUE(choice.is_reached);
  EXPECT_GT(choice.float_count, 0u) << "weights have 8 bits";
  EXPECT_GE(decibels(made.model), 50);
  EXPECT_THAT(made.summary.float_nodes,
              Each(Field(&report::FloatNodeRow::reason, "is left float for accuracy")));
}

TEST_F(MixTest, WhatTheTargetsCodesReachStaysAsItIs) {
  write_file(model(), classifier().bytes());
  const auto narrow = quantize(qnn({}));
  const auto asked = quantize(qnn({.min_sqnr = 3}));
  EXPECT_EQ(asked.model.bytes, narrow.model.bytes);
  EXPECT_THAT(asked.summary.notes, Contains(HasSubstr("0 compute on codes of 16 bits")));
}

TEST_F(MixTest, StatisticsAndDecisionsGiveTheSameModel) {
  auto making = qnn({.min_sqnr = kWideAim, .decisions = file("d.json")});
  making.results.statistics = file("s.rfs");
  const auto made = quantize(making);
  ASSERT_FALSE(made.decisions->wide_nodes.empty());
  auto solving = solve_request("s.rfs", "solved.onnx");
  solving.plan = making.plan;
  solving.decisions = file("d.json");
  const auto solved = solve(solving);
  EXPECT_EQ(read_file(file("solved.onnx")), read_file(file("int8.onnx")));
  EXPECT_EQ(tensors_by_bits(solved.summary), tensors_by_bits(made.summary));
  const auto again = quantize(qnn({.decisions = file("d.json")}));
  EXPECT_EQ(again.model.bytes, made.model.bytes);
  EXPECT_THAT(again.summary.notes, Contains(HasSubstr("by the decisions file")));
}

TEST_F(MixTest, IsTheSameForAnyNumberOfJobs) {
  auto two = qnn({.min_sqnr = kWideAim});
  two.run.jobs = 2;
  EXPECT_EQ(quantize(qnn({.min_sqnr = kWideAim})).model.bytes, quantize(two).model.bytes);
}

TEST_F(MixTest, AMetricMayChooseButTimeMayNot) {
  const auto metric = [&](const engine::ModelSource& tried) {
    return std::min(decibels(tried), 60.0);
  };
  const auto made = quantize(qnn({.metric = metric, .max_drop = 60 - kWideAim}));
  EXPECT_GE(*made.summary.choice->reached_metric, kWideAim);
  EXPECT_EQ(made.summary.choice->float_count, 0u);
  EXPECT_THROW(quantize(qnn({.fastest = true})), std::invalid_argument);
}

TEST(RequireChoice, TargetsWithoutWiderCodesAreChosenForByTheirKernels) {
  const ChoiceOptions aim{.min_sqnr = 30};
  EXPECT_NO_THROW(require_choice(aim, targets::find_target("ort-cpu")));
  EXPECT_NO_THROW(require_choice(aim, targets::find_target("qnn")));
  for (const std::string name : {"tensorrt", "openvino", "qnn-16", "mnn"}) {
    EXPECT_THROW(require_choice(aim, targets::find_target(name)), std::invalid_argument) << name;
  }
}

TEST(ChoiceIsDue, BelowTheAimWithEnoughSamples) {
  report::Summary summary;
  summary.sample_count = 7;
  summary.held_out_count = 1;
  summary.outputs = {{.name = "good", .sqnr_db = 40}, {.name = "bad", .sqnr_db = 19}};
  EXPECT_TRUE(is_choice_due(summary));
  summary.sample_count = 6;
  EXPECT_FALSE(is_choice_due(summary)) << "so few judge badly";
  summary.sample_count = 7;
  summary.outputs.pop_back();
  EXPECT_FALSE(is_choice_due(summary));
}

TEST(ChoiceOptions, NumbersThatAreNoneAreRefused) {
  EXPECT_THROW(require_valid({.min_sqnr = std::nan("")}), std::invalid_argument);
  EXPECT_THROW(require_valid({.max_drop = 1}), std::invalid_argument);
  const auto metric = [](const engine::ModelSource&) { return 1.0; };
  EXPECT_THROW(require_valid({.metric = metric, .max_drop = -1}), std::invalid_argument);
  require_valid({.metric = metric, .max_drop = 0});
  require_valid({});
}

TEST(ChoiceOptions, AreCompletedByTheDefaultAim) {
  EXPECT_EQ(completed({.fastest = true}, Effort::kNormal).min_sqnr, kDefaultAim);
  EXPECT_FALSE(completed({.fastest = true}, Effort::kFast).min_sqnr.has_value());
  EXPECT_EQ(completed({.decisions = "d.json"}, Effort::kFast).min_sqnr, kDefaultAim);
  EXPECT_EQ(completed({.min_sqnr = 30}, Effort::kNormal).min_sqnr, 30);
}

}  // namespace
}  // namespace rangefinder::workflow
