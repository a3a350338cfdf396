#include "analog/layer_watch.h"

#include <gmock/gmock.h>

#include <set>
#include <stdexcept>

#include "analog/models.h"
#include "base/error.h"

namespace rangefinder::analog {
namespace {

using testing::HasSubstr;

TEST(WatchLayers, ShowsEveryCallOfEveryLayer) {
  const AnalogModel model = convert_to_analog(mixed_model(), network(254));
  const StreamSource samples = pictures(6);
  for (const int jobs : {1, 2}) {
    std::mutex mutex;
    std::map<size_t, std::set<CallId>> calls;
    std::map<size_t, uint64_t> rows;
    const auto visitor = [&](size_t layer, const CallId& call, const ActivationMatrix& matrix) {
      const std::lock_guard lock(mutex);
      EXPECT_TRUE(calls[layer].insert(call).second);
      rows[layer] += matrix.row_count();
    };
    EXPECT_EQ(watch_layers(model, feed_from(samples), visitor, {.jobs = jobs}), 6u);
    EXPECT_EQ(calls.size(), 4u);
    EXPECT_EQ(calls[0].size(), 6u);
    // Two pictures in a sample: 36 windows, then 9, then one row each.
    EXPECT_EQ(rows[0], 6u * 2 * 36);
    EXPECT_EQ(rows[1], 6u * 2 * 9);
    EXPECT_EQ(rows[3], 6u * 2);
  }
}

TEST(WatchLayers, NamesLayerAndTensorOfWhatAVisitorRefuses) {
  const AnalogModel model = convert_to_analog(mixed_model(), network(254));
  const StreamSource samples = pictures(2);
  const auto visitor = [](size_t layer, const CallId&, const ActivationMatrix&) {
    if (layer == 2) throw std::domain_error("NaN here");
  };
  try {
    watch_layers(model, feed_from(samples), visitor, {});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.place().node, "Gemm_g");
    EXPECT_EQ(error.place().tensor, "f");
    EXPECT_THAT(error.what(), HasSubstr("NaN here"));
  }
}

TEST(WatchLayers, RefusesNoSamples) {
  const AnalogModel model = convert_to_analog(mixed_model(), network(254));
  const auto nothing = []() -> std::optional<ModelInputs> { return std::nullopt; };
  const auto ignore = [](size_t, const CallId&, const ActivationMatrix&) {};
  EXPECT_THROW(watch_layers(model, feed_from(nothing, {"x"}), ignore, {}), Error);
}

}  // namespace
}  // namespace rangefinder::analog
