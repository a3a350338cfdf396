#include "refine/weight_site.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "refine/gram_matrix.h"
#include "support/onnx_builder.h"

namespace rangefinder::refine {
namespace {

using test_support::OnnxBuilder;
using testing::HasSubstr;

onnx::NodeProto matmul(const std::string& input) {
  OnnxBuilder b;
  b.node("MatMul", {input, "w"}, {"y"});
  return b.graph().node(0);
}

/// Two columns; `rows` of each sample.
RowSource source(const std::string& tensor, float scale, std::vector<SampledRows> samples) {
  return {tensor, {matmul(tensor), {2, 3}}, {scale, 10}, std::move(samples)};
}

/// Samples 0 to 3, the last of which judges.
std::vector<SampledRows> four_samples(size_t total_count) {
  return {{1, total_count, {11, 12}},
          {2, total_count, {10, 13, 9, 10}},
          {0, 0, {}},
          {1, total_count, {20, 20}}};
}

TEST(WeightSite, KeepsRowsThatJudgeApart) {
  const RowSource rows = source("x", 1, four_samples(5));
  EXPECT_EQ(rows.group_rows(0, false).codes, (std::vector<uint8_t>{11, 12, 10, 13, 9, 10}));
  EXPECT_EQ(rows.group_rows(0, true).codes, (std::vector<uint8_t>{20, 20}));
  EXPECT_EQ(rows.group_rows(0, true).zero, 10);
  EXPECT_EQ(rows.count(&SampledRows::row_count), 4u);
  EXPECT_EQ(rows.count(&SampledRows::total_count), 15u);
}

TEST(WeightSite, OfOneTensorHasItsGramMatrix) {
  WeightSite site({source("x", 0.5f, four_samples(5))});
  const SquareMatrix gram = site.gram(0);
  EXPECT_EQ(gram.row(0)[0], 2);   // 1 + 0 + 1
  EXPECT_EQ(gram.row(1)[0], 2);   // 2 + 0 + 0
  EXPECT_EQ(gram.row(1)[1], 13);  // 4 + 9 + 0
  EXPECT_EQ(site.share(0), 1);
}

// In units of the first: a scale twice as large counts four times, and a row that stands for three
// thrice.
TEST(WeightSite, OfSeveralTensorsHasTheSumOfTheirsInRealUnits) {
  std::vector<SampledRows> few = {{1, 3, {12, 9}}};
  WeightSite site({source("x", 0.5f, {{1, 1, {11, 12}}}), source("y", 1, few)});
  EXPECT_EQ(site.share(1), 12);
  const SquareMatrix gram = site.gram(0);
  EXPECT_EQ(gram.row(0)[0], 1 + 12 * 4);
  EXPECT_EQ(gram.row(1)[0], 2 - 12 * 2);
  EXPECT_EQ(gram.row(1)[1], 4 + 12 * 1);
}

TEST(WeightSite, ATensorOfWhichNothingWasSeenAddsNothing) {
  WeightSite site({source("x", 0.5f, {{1, 1, {11, 12}}}), source("y", 1, {})});
  EXPECT_TRUE(site.has_rows());
  EXPECT_EQ(site.gram(0).row(1)[1], 4);
  EXPECT_FALSE(WeightSite({source("x", 1, {})}).has_rows());
}

TEST(WeightSite, SharesTheRowsOfASampleAmongItsTensors) {
  const RowCounts counts{.samples = 8, .rows = 128};
  const WeightSite one({source("x", 1, {})});
  const WeightSite three({source("x", 1, {}), source("y", 1, {}), source("z", 1, {})});
  EXPECT_EQ(one.rows_of_sample(counts, 0), 128u);
  EXPECT_EQ(one.rows_of_sample(counts, 3), 32u);
  EXPECT_EQ(three.rows_of_sample(counts, 0), 43u);
  EXPECT_EQ(three.rows_of_sample(counts, 7), 11u);
  EXPECT_EQ(one.bytes(counts), (6 * 128 + 2 * 32) * 2u);
  EXPECT_EQ(three.bytes(counts), (6 * 43 + 2 * 11) * 3 * 2u);
  // The matrix, the rows that are in it as they are and as pairs; of three tensors one more matrix.
  EXPECT_EQ(one.work_bytes(counts), 4 * 2 * 2 + 3 * 6 * 128 * 2u);
  EXPECT_EQ(three.work_bytes(counts), 2 * 4 * 2 * 2 + 3 * 6 * 43 * 2u);
  EXPECT_NE(one.key(), three.key());
}

TEST(WeightSite, CountsItsWork) {
  WeightSite site({source("x", 0.5f, four_samples(5))});
  site.channels = 3;
  EXPECT_EQ(site.products(), 15 * 2 * 3);
  EXPECT_DOUBLE_EQ(site.work(), 4 * (4 / 4.0 + 2 / 6.0) + 4 * 3);
}

TEST(WeightSite, RefusesRowsOfDifferentKinds) {
  const RowSource wide{"y", {matmul("y"), {3, 3}}, {1, 0}};
  EXPECT_THROW(WeightSite({source("x", 1, {}), wide}), std::invalid_argument);
  EXPECT_THROW(WeightSite({}), std::invalid_argument);
}

}  // namespace
}  // namespace rangefinder::refine
