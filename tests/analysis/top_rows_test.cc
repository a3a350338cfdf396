#include "analysis/top_rows.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace rangefinder::analysis {
namespace {

using tensor::Shape;
using tensor::Tensor;

Tensor scores(const Shape& shape, const std::vector<float>& values) {
  return Tensor::from_floats(shape, values);
}

TopRows rows(const Tensor& real, const Tensor& restored) {
  TopRows found;
  found.add(real, restored);
  return found;
}

TEST(TopRows, OfSharesTheLossIsTheirDifference) {
  const auto real = scores({4, 3}, {.7f, .2f, .1f, .5f, .25f, .25f, .1f, .8f, .1f, .3f, .3f, .4f});
  const auto other = scores({4, 3}, {.6f, .3f, .1f, .2f, .3f, .5f, .1f, .8f, .1f, .4f, .3f, .3f});
  const TopRows found = rows(real, other);
  EXPECT_EQ(found.row_count, 4u);
  EXPECT_EQ(found.same_share(), 0.5);
  // 0, .25, 0 and .1: the mean is .0875.
  EXPECT_NEAR(*found.mean_loss(), 0.35 / 4, 1e-7);
  const double variance = (2 * .0875 * .0875 + .1625 * .1625 + .0125 * .0125) / 3;
  EXPECT_NEAR(*found.loss_bound(), .0875 + 1.64 * std::sqrt(variance / 4), 1e-7);
}

TEST(TopRows, OtherScoresAreMadeShares) {
  // Softmax of 1, 3, 2: e^-2, 1, e^-1 over their sum.
  const TopRows found = rows(scores({1, 3}, {1, 3, 2}), scores({1, 3}, {1, 2, 3}));
  const double sum = std::exp(-2.0) + 1 + std::exp(-1.0);
  EXPECT_NEAR(*found.mean_loss(), (1 - std::exp(-1.0)) / sum, 1e-7);
  EXPECT_EQ(found.loss_bound(), std::nullopt) << "of one row";
  const TopRows large = rows(scores({1, 2}, {3e4f, 0}), scores({1, 2}, {0, 1}));
  EXPECT_EQ(*large.mean_loss(), 1);
}

TEST(TopRows, ALossIsNeverNegativeAndTiesGoToTheFirst) {
  const TopRows found = rows(scores({1, 3}, {2, 2, 1}), scores({1, 3}, {1, 2, 1}));
  EXPECT_EQ(found.same_count, 0u);
  EXPECT_EQ(*found.mean_loss(), 0) << "the other choice is as good";
}

TEST(TopRows, MoreDimensionsCountIfTheirRowsAreShares) {
  const auto shares = scores({1, 2, 2}, {.9f, .1f, .4f, .6f});
  EXPECT_EQ(rows(shares, shares).row_count, 2u);
  const auto values = scores({1, 2, 2}, {3, 1, 4, 6});
  EXPECT_EQ(rows(values, values).row_count, 0u);
}

/// 16 columns: one is larger than the others by so much.
Tensor many_columns(float lead, const Shape& shape = {1, 16}) {
  std::vector<float> values(16, 1);
  values[5] += lead;
  return scores(shape, values);
}

TEST(TopRows, ClassesAreSharesOrManyColumnsOfWhichOneLeads) {
  const auto shares = scores({1, 2}, {.9f, .1f});
  EXPECT_TRUE(rows(shares, shares).are_classes());
  const auto corners = scores({1, 4}, {100, 20, 130, 40});
  EXPECT_FALSE(rows(corners, corners).are_classes());
  // The softmax of the leading one is e^lead / (e^lead + 15).
  EXPECT_TRUE(rows(many_columns(3), many_columns(3)).are_classes());
  EXPECT_FALSE(rows(many_columns(2.5f), many_columns(2.5f)).are_classes());
  EXPECT_TRUE(rows(many_columns(3, {1, 1, 16}), many_columns(3, {1, 1, 16})).are_classes());
  EXPECT_FALSE(TopRows().are_classes());
}

/// Eight points of a face in a picture, x and y: the softmax of pixels gives all to the outermost,
/// which is no answer. In 40 % of the rows of a face detector's boxes it is another one in int8.
TEST(TopRows, CoordinatesInPixelsAreNoClasses) {
  std::vector<float> places;
  for (int i = 0; i < 16; ++i) places.push_back(13.0f * static_cast<float>(i * 7 % 16));
  for (const Shape& shape : {Shape{1, 16}, Shape{1, 1, 16}}) {
    const auto points = scores(shape, places);
    const TopRows found = rows(points, points);
    EXPECT_GT(found.top_share_sum.value(), 0.99) << "by its softmax it would be";
    EXPECT_NEAR(found.top_deviation_sum.value(), 1.6, 0.1);
    EXPECT_FALSE(found.are_classes());
    TopRows merged = found;
    merged.merge(rows(many_columns(3), many_columns(3)));
    EXPECT_NEAR(merged.top_deviation_sum.value(), 1.6 + std::sqrt(15), 0.1);
    EXPECT_TRUE(merged.are_classes()) << "on average";
  }
}

TEST(TopRows, RowsOfEqualValuesStandOutByNothing) {
  const auto flat = scores({1, 16}, std::vector<float>(16, 7.0f));
  EXPECT_EQ(rows(flat, flat).top_deviation_sum.value(), 0);
}

TEST(TopRows, WhatIsNoRowOfScoresIsPassedOver) {
  const auto one = scores({3, 1}, {1, 2, 3});
  EXPECT_EQ(rows(one, one).row_count, 0u);
  const auto line = scores({3}, {1, 2, 3});
  EXPECT_EQ(rows(line, line).row_count, 0u);
  const auto none = scores({0, 3}, {});
  EXPECT_EQ(rows(none, none).row_count, 0u);
  const auto infinite = scores({1, 2}, {1, std::numeric_limits<float>::infinity()});
  EXPECT_EQ(rows(infinite, infinite).row_count, 0u);
  const Tensor integers(tensor::ElementType::kInt64, {2, 2});
  EXPECT_EQ(rows(integers, integers).row_count, 0u);
  EXPECT_EQ(TopRows().same_share(), std::nullopt);
  EXPECT_EQ(TopRows().mean_loss(), std::nullopt);
}

TEST(ScorePower, IsThatOfWhatSoftmaxWasGiven) {
  // Softmax of (1, 3) and (1, 2): the inputs less their means are -1, 1 and -0.5, 0.5.
  const auto softmax = [](float a, float b) {
    const float sum = std::exp(a) + std::exp(b);
    return scores({1, 2}, {std::exp(a) / sum, std::exp(b) / sum});
  };
  const auto power = score_power(softmax(1, 3), softmax(1, 2));
  EXPECT_NEAR(power->signal, 2, 1e-5);
  EXPECT_NEAR(power->noise, 0.5, 1e-5);
  EXPECT_EQ(score_power(softmax(1, 3), scores({1, 2}, {3, 1})), std::nullopt);
  EXPECT_EQ(score_power(scores({1, 2}, {3, 1}), softmax(1, 3)), std::nullopt);
  EXPECT_TRUE(std::isfinite(score_power(softmax(0, 99), softmax(99, 0))->noise));
}

/// Letters, one a row, that lose so much each.
TopRows letters(const Shape& shape, const std::vector<float>& losses) {
  std::vector<float> real;
  std::vector<float> other;
  for (const float loss : losses) {
    real.insert(real.end(), {0.5f + loss / 2, 0.5f - loss / 2});
    other.insert(other.end(), {loss > 0 ? 0.0f : 1.0f, loss > 0 ? 1.0f : 0.0f});
  }
  return rows(scores(shape, real), scores(shape, other));
}

TEST(TopRows, OfTextsTheBoundIsThatOfWholeTexts) {
  // Texts of four letters lose 0.3, 0 and 0.1: their mean is 0.4 / 3, that of a letter a quarter.
  const std::vector<float> losses = {0.1f, 0, 0.2f, 0, 0, 0, 0, 0, 0, 0, 0, 0.1f};
  const TopRows batch = letters({3, 4, 2}, losses);
  EXPECT_NEAR(*batch.mean_loss(), 0.4 / 12, 1e-7);
  EXPECT_NEAR(*batch.mean_text_loss(), 0.4 / 3, 1e-7);
  const double mean = 0.4 / 3;
  const double variance = (std::pow(0.3 - mean, 2) + mean * mean + std::pow(0.1 - mean, 2)) / 2;
  EXPECT_NEAR(*batch.loss_bound(), mean + 1.64 * std::sqrt(variance / 3), 1e-6);
  const TopRows letters_alone = letters({12, 2}, losses);
  EXPECT_LT(*letters_alone.loss_bound(), 0.5 * *batch.loss_bound()) << "what rows alone would say";
  EXPECT_EQ(letters_alone.mean_text_loss(), std::nullopt);
  TopRows apart;
  for (size_t i = 0; i < 3; ++i) {
    apart.merge(letters({4, 1, 2}, {losses.begin() + 4 * i, losses.begin() + 4 * (i + 1)}));
  }
  EXPECT_EQ(apart.text_count, 3u) << "a batch of one in the second dimension";
  EXPECT_DOUBLE_EQ(*apart.loss_bound(), *batch.loss_bound());
  EXPECT_EQ(letters({1, 12, 2}, losses).loss_bound(), std::nullopt) << "of one text";
  apart.merge(letters({12, 2}, losses));
  EXPECT_FALSE(apart.are_texts) << "once there are none, rows count";
  EXPECT_LT(*apart.loss_bound(), 0.1);
}

TEST(TopRows, ATextIsLostOnce) {
  EXPECT_DOUBLE_EQ(*letters({2, 3, 2}, {0.9f, 0.9f, 0.9f, 1, 1, 1}).loss_bound(), 1);
}

TEST(TopRows, SplitAndMergeAgree) {
  const auto first = rows(scores({2, 2}, {3, 1, 0, 4}), scores({2, 2}, {0, 1, 0, 1}));
  auto both = first;
  both.merge(rows(scores({1, 2}, {4, 5}), scores({1, 2}, {5, 4})));
  const auto whole = rows(scores({3, 2}, {3, 1, 0, 4, 4, 5}), scores({3, 2}, {0, 1, 0, 1, 5, 4}));
  EXPECT_EQ(both.row_count, 3u);
  EXPECT_EQ(both.same_share(), whole.same_share());
  EXPECT_DOUBLE_EQ(*both.loss_bound(), *whole.loss_bound());
}

}  // namespace
}  // namespace rangefinder::analysis
