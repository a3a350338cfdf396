#include "report/range_study.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analysis/tensor_error.h"
#include "observers/calibrate.h"
#include "report/page_examples.h"
#include "targets/target.h"

namespace rangefinder::report {
namespace {

using testing::Each;
using testing::Field;
using testing::Ge;
using testing::IsEmpty;

const auto& grid() { return targets::all_targets().front().activation; }

statistics::TensorStatistics seen() {
  return example_statistics(example_names(2)).tensors[1].channels[0];
}

TEST(RangeStudy, TellsWhatEachMethodChooses) {
  const auto statistics = seen();
  const auto study = study_ranges(statistics, grid());
  ASSERT_EQ(study.choices.size(), 4);
  EXPECT_EQ(study.choices[0].method, "minmax");
  EXPECT_NEAR(study.choices[0].upper, statistics.extrema.max, 0.1);
  EXPECT_EQ(study.choices[0].clipped_share, 0);
  const auto& mse = study.choices[3];
  for (const auto& choice : study.choices) EXPECT_LE(*choice.sqnr_db, *mse.sqnr_db + 0.05);
  auto config = grid();
  observers::calibrate("mse", {}, std::span(&statistics, 1), config);
  EXPECT_EQ(mse.sqnr_db, analysis::tensor_error(statistics, config).sqnr_db);
}

TEST(RangeStudy, TheCurveBeginsWithTheWholeRangeAndEndsAboveNothing) {
  const auto study = study_ranges(seen(), grid());
  ASSERT_GT(study.curve.size(), 8);
  EXPECT_EQ(study.curve.front().share, 1);
  EXPECT_NEAR(study.curve.front().sqnr_db, *study.choices[0].sqnr_db, 0.2);
  EXPECT_THAT(study.curve, Each(Field(&ClipPoint::sqnr_db, Ge(0))));
}

TEST(RangeStudy, OfNothingIsEmptyAndOfZerosHasNoCurve) {
  EXPECT_THAT(study_ranges({}, grid()).choices, IsEmpty());
  statistics::TensorStatistics zeros;
  zeros.add(std::vector<float>{0, 0});
  EXPECT_THAT(study_ranges(zeros, grid()).curve, IsEmpty());
}

}  // namespace
}  // namespace rangefinder::report
