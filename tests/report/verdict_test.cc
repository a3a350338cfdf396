#include "report/verdict.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace rangefinder::report {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;

OutputRow output(double sqnr_db, std::optional<double> bound_db, const std::string& name = "y") {
  OutputRow row{.name = name, .sqnr_db = sqnr_db, .cosine = 1, .sample_count = 32};
  row.sqnr_bound_db = bound_db;
  return row;
}

JudgedTensorRow tensor_row(const std::string& name, double sqnr_db, double bound_db) {
  return {.name = name, .sqnr_db = sqnr_db, .sqnr_bound_db = bound_db};
}

/// Nothing is to be said of it.
Summary sound() {
  Summary summary;
  summary.method = "mse";
  summary.effort = "normal";
  summary.sample_count = 100;
  summary.held_out_count = 32;
  summary.integer_nodes = summary.eligible_nodes = 7;
  summary.outputs = {output(40, 39)};
  summary.latency = LatencyRow{.float_us = 1000, .int8_us = 400, .runs = 50};
  return summary;
}

std::optional<VerdictLevel> level(const Summary& summary) { return verdict_of(summary).level; }

TEST(Verdict, GoodNeedsNoReasonsAndNoHints) {
  const Verdict verdict = verdict_of(sound());
  EXPECT_EQ(verdict.level, VerdictLevel::kGood);
  EXPECT_THAT(verdict.reasons, IsEmpty());
  EXPECT_THAT(verdict.hints, IsEmpty());
}

TEST(Verdict, TheBoundOfTheWorstOutputDecides) {
  Summary summary = sound();
  const auto with = [&](double sqnr_db, std::optional<double> bound_db) {
    summary.outputs = {output(60, 60, "fine"), output(sqnr_db, bound_db)};
    return level(summary);
  };
  EXPECT_EQ(with(kGoodDb + 2, kGoodDb), VerdictLevel::kGood);
  EXPECT_EQ(with(kGoodDb + 2, kGoodDb - 0.1), VerdictLevel::kFair);
  EXPECT_EQ(with(kFairDb + 2, kFairDb), VerdictLevel::kFair);
  EXPECT_EQ(with(kFairDb + 2, kFairDb - 0.1), VerdictLevel::kPoor);
  EXPECT_EQ(with(INFINITY, INFINITY), VerdictLevel::kGood);
  summary.outputs = {output(kFairDb - 1.26, kFairDb - 2.34)};
  EXPECT_THAT(verdict_of(summary).reasons[0],
              AllOf(StartsWith("output 'y'"), HasSubstr(fmt::format("{:.1f}", kFairDb - 1.26)),
                    HasSubstr(fmt::format("{:.1f}", kFairDb - 2.34))));
}

TEST(Verdict, AnOutputBehindASelectionIsJudgedBeforeIt) {
  Summary summary = sound();
  summary.outputs = {output(2, 1, "boxes")};
  summary.outputs[0].selected_by = "nms";
  summary.outputs[0].judged_at = {tensor_row("scores", 41, 40), tensor_row("corners", 36, 35)};
  EXPECT_EQ(level(summary), VerdictLevel::kGood);
  summary.outputs[0].judged_at[1] = tensor_row("corners", kFairDb, kFairDb - 1);
  const Verdict verdict = verdict_of(summary);
  EXPECT_EQ(verdict.level, VerdictLevel::kPoor);
  EXPECT_THAT(verdict.reasons[0], AllOf(HasSubstr("'corners'"), HasSubstr("nms")));
  summary.outputs[0].judged_at = {};
  EXPECT_EQ(level(summary), std::nullopt) << "random, and nothing else tells";
}

TEST(Verdict, PartsOfAnOutputAreJudgedByThemselves) {
  Summary summary = sound();
  summary.outputs[0].judged_at = {tensor_row("boxes", 41, 40),
                                  tensor_row("scores", kFairDb, kFairDb - 1)};
  const Verdict verdict = verdict_of(summary);
  EXPECT_EQ(verdict.level, VerdictLevel::kPoor) << "though the whole has 39 dB";
  EXPECT_THAT(verdict.reasons[0], HasSubstr("output 'y', its part 'scores'"));
}

TEST(Verdict, SharesAreJudgedByTheScoresBehindThem) {
  Summary summary = sound();
  summary.outputs = {output(120, 110)};
  summary.outputs[0].score_sqnr_db = kFairScoreDb + 1;
  summary.outputs[0].score_bound_db = kFairScoreDb - 0.1;
  const Verdict verdict = verdict_of(summary);
  EXPECT_EQ(verdict.level, VerdictLevel::kPoor);
  EXPECT_THAT(verdict.reasons[0], HasSubstr("scores behind its shares"));
  summary.outputs[0].score_bound_db = kGoodScoreDb;
  EXPECT_EQ(level(summary), VerdictLevel::kGood);
  summary.outputs[0].score_bound_db = kGoodScoreDb - 0.1;
  EXPECT_EQ(level(summary), VerdictLevel::kFair);
}

TEST(Verdict, NodesBehindASelectionThatNothingShowsAreSaid) {
  Summary summary = sound();
  summary.outputs[0].selected_by = "topk";
  summary.outputs[0].judged_at = {tensor_row("scores", 41, 40)};
  summary.outputs[0].hidden_node_count = 12;
  const Verdict verdict = verdict_of(summary);
  EXPECT_EQ(verdict.level, VerdictLevel::kFair);
  EXPECT_THAT(verdict.reasons, ElementsAre(HasSubstr("12 nodes behind a selection")));
}

TEST(Verdict, ClassesThatChangeCostAccuracy) {
  Summary summary = sound();
  summary.outputs[0].same_top_share = 1 - kMostChangedRows;
  summary.outputs[0].top_loss = kMostTopLoss / 2;
  summary.outputs[0].top_loss_bound = kMostTopLoss;
  EXPECT_EQ(level(summary), VerdictLevel::kGood) << "classes that are close may change";
  summary.outputs[0].top_loss_bound = kMostTopLoss * 1.2;
  EXPECT_EQ(level(summary), VerdictLevel::kFair);
  summary.outputs[0].top_loss = kMostTopLoss * 1.1;
  const Verdict verdict = verdict_of(summary);
  EXPECT_EQ(verdict.level, VerdictLevel::kPoor);
  EXPECT_THAT(verdict.reasons,
              ElementsAre(AllOf(HasSubstr("2.0% of the rows"),
                                HasSubstr("1.1% and up to 1.2% of accuracy, if rows are"))));
  summary.outputs[0].score_sqnr_db = kGoodScoreDb + 1;
  summary.outputs[0].score_bound_db = kGoodScoreDb;
  EXPECT_THAT(verdict_of(summary).reasons, ElementsAre(testing::EndsWith("of accuracy")));
}

/// A mobile classifier of dogs: by float's own shares the changes cost a tenth of a percent, and of
/// 150 other pictures one in seven got another answer.
TEST(Verdict, ManyAnswersThatChangeArePoorWhateverTheyCost) {
  Summary summary = sound();
  OutputRow& scores = summary.outputs[0];
  scores.top_loss = 0.0009;
  scores.top_loss_bound = 0.002;
  scores.same_top_share = 1 - 1.0 / 32;
  EXPECT_EQ(level(summary), VerdictLevel::kGood) << "one of 32 samples may be chance";
  scores.same_top_share = 1 - 2.0 / 32;
  const Verdict verdict = verdict_of(summary);
  EXPECT_EQ(verdict.level, VerdictLevel::kPoor);
  EXPECT_THAT(verdict.reasons, ElementsAre(AllOf(HasSubstr("6.2% of the rows"),
                                                 HasSubstr("about 0.1% and up to 0.2%"))));
  scores.sample_count = 6;
  scores.joined_count = 26;
  EXPECT_EQ(level(summary), VerdictLevel::kPoor) << "samples that joined count";
  scores.sample_count = 1000;
  scores.same_top_share = 1 - 0.9 * kMostChangedRows;
  EXPECT_EQ(level(summary), VerdictLevel::kGood);
}

/// A text recognizer: a letter in 500 by what it loses, and every tenth line.
TEST(Verdict, TextsThatChangeArePoorWhateverTheirLettersCost) {
  Summary summary = sound();
  OutputRow& letters = summary.outputs[0];
  letters.same_top_share = 0.992;
  letters.top_loss = 0.002;
  letters.top_loss_bound = 0.13;
  letters.text_loss = kMostTextLoss;
  EXPECT_EQ(level(summary), VerdictLevel::kFair);
  letters.text_loss = 0.08;
  const Verdict verdict = verdict_of(summary);
  EXPECT_EQ(verdict.level, VerdictLevel::kPoor);
  EXPECT_THAT(verdict.reasons,
              ElementsAre(HasSubstr("about 8.0% and up to 13.0% of texts, if rows are letters")));
}

TEST(Verdict, LongNamesAreShownByTheirEnds) {
  Summary summary = sound();
  summary.outputs = {output(1, 1, std::string(500, 'a') + "logits")};
  EXPECT_THAT(verdict_of(summary).reasons[0], HasSubstr("'..." + std::string(51, 'a') + "logits'"));
}

TEST(Verdict, SlowerThanFloatIsNotGood) {
  Summary summary = sound();
  summary.latency = LatencyRow{.float_us = 1000, .int8_us = 1020};
  EXPECT_EQ(level(summary), VerdictLevel::kGood);
  summary.latency = LatencyRow{.float_us = 1000, .int8_us = 1310};
  const Verdict verdict = verdict_of(summary);
  EXPECT_EQ(verdict.level, VerdictLevel::kFair);
  EXPECT_THAT(verdict.reasons, ElementsAre(HasSubstr("1.31 times as long")));
  EXPECT_THAT(verdict.hints, ElementsAre("--fastest"));
  EXPECT_THAT(verdict_of(summary, {.is_fastest = true}).hints, IsEmpty());
}

TEST(Verdict, LargerThanFloatIsNotGood) {
  Summary summary = sound();
  summary.float_bytes = 100'000;
  summary.quantized_bytes = 160'000;
  EXPECT_EQ(level(summary), VerdictLevel::kGood) << "scales of a small model";
  summary.quantized_bytes = 400'000;
  const Verdict verdict = verdict_of(summary);
  EXPECT_EQ(verdict.level, VerdictLevel::kFair);
  EXPECT_THAT(verdict.reasons, ElementsAre(HasSubstr("4.0 times as large")));
}

TEST(Verdict, CountsSamplesOfOtherShapesWhereTensorsBeforeTheOutputJudge) {
  Summary summary = sound();
  summary.outputs[0].judged_at = {tensor_row("scores", kFairDb, kFairDb - 1)};
  summary.outputs[0].sample_count = 0;
  summary.outputs[0].shape_mismatch_count = 5;
  EXPECT_THAT(verdict_of(summary).reasons[0], HasSubstr("on 5 held-out samples only"));
}

TEST(Verdict, WithoutHeldOutSamplesThereIsNone) {
  Summary summary = sound();
  summary.held_out_count = 0;
  summary.outputs.clear();
  const Verdict verdict = verdict_of(summary);
  EXPECT_EQ(verdict.level, std::nullopt);
  EXPECT_THAT(verdict.reasons, ElementsAre(HasSubstr("no sample was held out")));
  EXPECT_THAT(verdict.hints, IsEmpty());
  EXPECT_THAT(verdict_of(summary, {.declined_held_out = true}).hints, ElementsAre("--held-out 32"));
}

TEST(Verdict, WhatCouldNotBeComparedIsNotGood) {
  Summary summary = sound();
  OutputRow row = output(NAN, {}, "z");
  row.reason = "another shape on all 32 samples";
  summary.outputs.push_back(row);
  const Verdict verdict = verdict_of(summary);
  EXPECT_EQ(verdict.level, VerdictLevel::kFair);
  EXPECT_THAT(verdict.reasons,
              ElementsAre(AllOf(HasSubstr("'z'"), HasSubstr("another shape on all"))));
  summary.outputs = {row};
  EXPECT_EQ(level(summary), std::nullopt);
  summary.outputs = {output(40, 39), output(-INFINITY, -INFINITY, "zeros")};
  EXPECT_EQ(level(summary), VerdictLevel::kGood) << "of an output of zeros nothing can be said";
}

TEST(Verdict, OfFewSamplesMoreIsAsked) {
  Summary summary = sound();
  const auto with = [&](uint64_t samples, double bound_db) {
    summary.outputs = {output(bound_db + 1, bound_db)};
    summary.outputs[0].sample_count = samples;
    return level(summary);
  };
  EXPECT_EQ(with(kEnoughHeldOut, kGoodDb), VerdictLevel::kGood);
  EXPECT_EQ(with(kEnoughHeldOut - 1, kGoodDb), VerdictLevel::kFair);
  EXPECT_THAT(verdict_of(summary).reasons, ElementsAre(HasSubstr("on 7 held-out samples only")));
  EXPECT_EQ(with(2, kGoodDb + kFewSamplesDb), VerdictLevel::kGood);
  summary.outputs = {output(90, std::nullopt)};
  summary.outputs[0].sample_count = 1;
  EXPECT_EQ(level(summary), VerdictLevel::kFair);
  EXPECT_THAT(verdict_of(summary).reasons, ElementsAre(HasSubstr("on 1 held-out samples only")));
}

TEST(Verdict, HeldOutSamplesThatAreCalibratedOnAreSaid) {
  Summary summary = sound();
  summary.data_checks = {{"held_out_calibrated", "a.npy is in both"}};
  EXPECT_THAT(verdict_of(summary).reasons, ElementsAre("a.npy is in both"));
  EXPECT_EQ(level(summary), VerdictLevel::kFair);
}

TEST(Verdict, SamplesThatSayNothingOfOthersJudgePoorly) {
  Summary summary = sound();
  summary.data_checks = {{"few_samples", "there are few"}, {"unnormalized", "it is loud", true}};
  const Verdict verdict = verdict_of(summary);
  EXPECT_EQ(verdict.level, VerdictLevel::kPoor);
  EXPECT_THAT(verdict.reasons, ElementsAre("it is loud"));
}

TensorRow tensor(const std::string& name, double clipped, double sqnr, double held_out_clipped,
                 double held_out_sqnr) {
  TensorRow row{.name = name, .root = name, .clipped_share = clipped, .sqnr_db = sqnr};
  row.held_out_clipped_share = held_out_clipped;
  row.held_out_sqnr_db = held_out_sqnr;
  return row;
}

TEST(Verdict, TensorsThatOverflowOnHeldOutSamplesAreNamed) {
  Summary summary = sound();
  summary.tensors = {tensor("calm", 0.001, 30, 0.002, 29), tensor("wild", 0.0001, 35, 0.0234, 19.5),
                     tensor("loses", 0.001, 30, 0.001, 20), tensor("well", 0.001, 50, 0.1, 40)};
  EXPECT_THAT(verdict_of(summary).reasons, IsEmpty()) << "where the outputs are good";
  summary.outputs = {output(kFairDb - 5, kFairDb - 6)};
  const Verdict verdict = verdict_of(summary);
  EXPECT_THAT(verdict.reasons, SizeIs(2));
  EXPECT_THAT(verdict.reasons[1], AllOf(StartsWith("'wild' leaves its range"), HasSubstr("2.34%"),
                                        HasSubstr("35.0 dB become 19.5 dB")));
  EXPECT_THAT(verdict.hints, Contains("--method minmax"));
}

TEST(Verdict, SaysWhereTheErrorIsBornAndWhatStaysFloat) {
  Summary summary = sound();
  summary.outputs = {output(kFairDb - 5, kFairDb - 6)};
  summary.error_sources = {{"stem", "Conv", INFINITY, 17.25}};
  summary.integer_nodes = 4;
  summary.float_nodes = {{"a", "MatMul", "has no constant"},
                         {"b", "MatMul", "has no constant"},
                         {"c", "Conv", "is large"}};
  const Verdict verdict = verdict_of(summary);
  ASSERT_THAT(verdict.reasons, SizeIs(3));
  EXPECT_THAT(verdict.reasons[1],
              HasSubstr("noise grows at Conv 'stem': no noise before it, 17.2 dB"));
  EXPECT_THAT(verdict.reasons[2],
              HasSubstr("3 of 7 nodes with weights stay float; the reason of 2: has no"));
  EXPECT_THAT(verdict.hints, Not(Contains("--method minmax")));
}

TEST(Verdict, HintsAreWhatWasNotTriedYet) {
  Summary summary = sound();
  summary.outputs = {output(kFairDb - 5, kFairDb - 6)};
  const Circumstances typed{.command = {"rangefinder", "quantize", "m.onnx", "--effort", "fast"}};
  summary.effort = "fast";
  EXPECT_THAT(verdict_of(summary, typed).hints,
              ElementsAre("rangefinder quantize m.onnx --effort normal",
                          "rangefinder quantize m.onnx --effort fast --min-sqnr 30"));
  summary.effort = "thorough";
  EXPECT_THAT(verdict_of(summary).hints, ElementsAre("--min-sqnr 30"));
  summary.outputs = {output(kFairDb + 1, kFairDb)};
  EXPECT_THAT(verdict_of(summary).hints, ElementsAre("--min-sqnr 35"));
  EXPECT_THAT(verdict_of(summary, {.has_aim = true}).hints, IsEmpty());
  summary.method = "kl";
  EXPECT_THAT(verdict_of(summary, {.has_aim = true}).hints, ElementsAre("--method mse"));
  summary.method = "mse";
  EXPECT_THAT(verdict_of(summary, {.available_samples = 1000, .has_aim = true}).hints,
              ElementsAre("--samples 400"));
  EXPECT_THAT(verdict_of(summary, {.available_samples = 132, .has_aim = true}).hints, IsEmpty());
}

TEST(Verdict, NoAimIsHintedAtThatIsReachedAlready) {
  Summary summary = sound();
  summary.effort = "thorough";
  // Shares are exact where the scores behind them are not: an aim in dB is about the shares.
  summary.outputs = {output(kGoodDb + 20, kGoodDb + 10)};
  summary.outputs[0].score_sqnr_db = kFairScoreDb + 1;
  summary.outputs[0].score_bound_db = kFairScoreDb + 1;
  EXPECT_EQ(verdict_of(summary).level, VerdictLevel::kFair);
  EXPECT_THAT(verdict_of(summary).hints, IsEmpty());
}

TEST(Verdict, ForeignNamesAreShownSafely) {
  Summary summary = sound();
  summary.outputs = {output(1, 1, "y\n\x1b[31m")};
  summary.error_sources = {{"a\nb", "Conv", INFINITY, 1}};
  EXPECT_THAT(verdict_of(summary).reasons, Each(Not(HasSubstr("\n"))));
}

TEST(VerdictLevel, HasAName) {
  EXPECT_EQ(name_of(VerdictLevel::kGood), "good");
  EXPECT_EQ(name_of(VerdictLevel::kFair), "fair");
  EXPECT_EQ(name_of(VerdictLevel::kPoor), "poor");
}

}  // namespace
}  // namespace rangefinder::report
