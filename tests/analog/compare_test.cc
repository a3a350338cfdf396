#include "analog/compare.h"

#include <gmock/gmock.h>

#include "analog/export_model.h"
#include "analog/models.h"
#include "base/error.h"

namespace rangefinder::analog {
namespace {

TEST(CompareAnalog, MoreLevelsAreBetter) {
  const StreamSource samples = pictures();
  const auto sqnr = [&](double inp_res) {
    const auto exported = export_model(calibrated_model(network(inp_res, 7)));
    return compare_analog(mixed_model(), exported, samples).outputs.at(0).sqnr_db;
  };
  EXPECT_GT(sqnr(254), sqnr(62) + 6);
  EXPECT_GT(sqnr(62), sqnr(14) + 6);
}

TEST(CompareAnalog, TellsLayersSlicesAndTypes) {
  const StreamSource samples = pictures();
  const auto exported = export_model(calibrated_model(network(254, 7)));
  CompareOptions options;
  options.types = {InputRangeType::kMovingStd, InputRangeType::kMse};
  const AnalogComparison comparison = compare_analog(mixed_model(), exported, samples, options);
  EXPECT_EQ(comparison.sample_count, 4u);
  ASSERT_EQ(comparison.layers.size(), 4u);
  EXPECT_EQ(comparison.layers[0].name, "Conv_c1");
  EXPECT_EQ(comparison.layers[0].clipped_share, (std::vector<double>{0, 0, 0}));
  EXPECT_GT(comparison.layers[0].sqnr_db, 30);
  ASSERT_EQ(comparison.types.size(), 2u);
  EXPECT_GT(comparison.types[1].outputs.at(0).sqnr_db, 20);
}

TEST(CompareAnalog, WithoutAResolutionLeavesMseOut) {
  const StreamSource samples = pictures();
  const auto exported = export_model(calibrated_model(network(-1)));
  CompareOptions options;
  options.types = {InputRangeType::kMse};
  EXPECT_TRUE(compare_analog(mixed_model(), exported, samples, options).types.empty());
}

// Half of the ranges' values: the share is that of |x| > r / 2 over the unfolded rows.
TEST(ClippedShares, CountTheEntriesOutsideOfTheRange) {
  AnalogModel model = calibrated_model(network(254, 7));
  const StreamSource samples = pictures(1);
  for (float& range : model.layers[0].input_range) range /= 2;
  const auto shares = clipped_shares(model, feed_from(samples));
  const tensor::Tensor input = samples.read(0).at("x");
  const PatchGeometry geometry =
      convolution_geometry(*model.layers[0].sites[0].convolution, input.shape());
  double clipped = 0;
  double all = 0;
  for (size_t picture = 0; picture < 2; ++picture) {
    const auto rows = unfold(geometry, input.floats().subspan(picture * 72, 72));
    for (size_t k = 0; k < rows.size(); ++k) {
      if (k % 18 >= 6) continue;
      all += 1;
      clipped += std::fabs(rows[k]) > model.layers[0].input_range[0] ? 1 : 0;
    }
  }
  EXPECT_DOUBLE_EQ(shares.at(0).at(0), clipped / all);
  EXPECT_GT(clipped, 0);
}

TEST(CompareAnalog, RefusesAModelThatTellsNoRanges) {
  const StreamSource samples = pictures();
  EXPECT_THROW(compare_analog(mixed_model(), mixed_model(), samples), Error);
}

TEST(ModelErrors, RefusesModelsWithOtherOutputs) {
  const StreamSource samples = pictures(1);
  auto other = mixed_model();
  other.mutable_graph()->mutable_node(6)->set_output(0, "z");
  other.mutable_graph()->mutable_output(0)->set_name("z");
  EXPECT_THROW(model_errors(mixed_model(), other, {}, samples, {}), Error);
}

}  // namespace
}  // namespace rangefinder::analog
