#include "analog/ranges/clipped_shares.h"

#include <gmock/gmock.h>

#include <cmath>
#include <utility>

#include "analog/models.h"
#include "base/error.h"

namespace rangefinder::analog {
namespace {

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

// As calibration does, and naming the same.
TEST(ClippedShares, RefuseNaN) {
  const AnalogModel model = calibrated_model(network(254, 7));
  const auto feed = [done = false]() mutable -> std::optional<engine::PendingSample> {
    if (std::exchange(done, true)) return std::nullopt;
    return engine::PendingSample{
        "bad", [](const data::HeaderCheck&) {
          tensor::Tensor x = support::stream_batch("normal", 1, {2, 2, 6, 6});
          x.floats()[0] = std::nanf("");
          return tensor::NamedTensors{{"x", std::move(x)}};
        }};
  };
  try {
    clipped_shares(model, feed);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.place().node, "Conv_c1");
    EXPECT_EQ(error.place().tensor, "x");
    EXPECT_THAT(error.what(), testing::HasSubstr("NaN"));
  }
}

TEST(ClippedShares, ALayerWithoutRangesHasNone) {
  const AnalogModel model = convert_to_analog(mixed_model(), network(254, 7));
  const StreamSource samples = pictures(1);
  for (const auto& shares : clipped_shares(model, feed_from(samples))) {
    EXPECT_THAT(shares, testing::IsEmpty());
  }
}

// Signed quantiles of the original may be negative: everything lies outside.
TEST(ClippedShares, OutsideOfANegativeRangeIsEverything) {
  AnalogModel model = calibrated_model(network(254, 7));
  model.layers[0].input_range.assign(model.layers[0].input_range.size(), -0.5f);
  const StreamSource samples = pictures(1);
  EXPECT_EQ(clipped_shares(model, feed_from(samples)).at(0), (std::vector<double>{1, 1, 1}));
}

}  // namespace
}  // namespace rangefinder::analog
