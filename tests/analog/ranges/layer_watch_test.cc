#include "analog/ranges/layer_watch.h"

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

/// Convolutions of 20 channels, which fill no block, with another convolution and a fully connected
/// layer over the last axis behind the same tensor.
onnx::ModelProto shared_model() {
  test_support::OnnxBuilder b;
  b.input("x", {-1, 2, 6, 6});
  b.weights("conv1.weight", {20, 2, 3, 3}, 0.5f);
  b.weights("conv2.weight", {4, 20, 3, 3});
  b.weights("fc.weight", {6, 5});
  b.node("Conv", {"x", "conv1.weight"}, {"c1"}).ints("pads", {1, 1, 1, 1});
  b.node("Relu", {"c1"}, {"r1"});
  b.node("Conv", {"r1", "conv2.weight"}, {"y1"}).ints("strides", {2, 2});
  b.node("MatMul", {"r1", "fc.weight"}, {"y2"});
  b.output("y1", {-1, 4, 2, 2});
  b.output("y2", {-1, 20, 6, 5});
  return b.model();
}

// Whatever layout ONNX Runtime computes in.
TEST(WatchLayers, ShowsTheRowsOfTheUnfoldedTensor) {
  const AnalogModel model = convert_to_analog(shared_model(), network(254));
  ASSERT_EQ(model.layers.size(), 3u);
  const StreamSource samples = pictures(1);
  const tensor::Tensor r1 = run_model(model.model, samples.read(0), {"r1"}).at("r1");
  size_t calls = 0;
  const auto visitor = [&](size_t layer, const CallId&, const ActivationMatrix& matrix) {
    if (layer == 0) return;
    const PatchGeometry geometry = matrix.plan().geometry;
    std::vector<float> rows;
    std::vector<float> row(static_cast<size_t>(geometry.features()));
    for (uint64_t i = 0; i < matrix.row_count(); ++i) {
      matrix.copy_row(i, row);
      rows.insert(rows.end(), row.begin(), row.end());
    }
    std::vector<float> expected;
    const auto size = static_cast<size_t>(geometry.sample_size());
    for (size_t begin = 0; begin < r1.floats().size(); begin += size) {
      const auto more = unfold(geometry, r1.floats().subspan(begin, size));
      expected.insert(expected.end(), more.begin(), more.end());
    }
    EXPECT_EQ(rows, expected) << layer;
    ++calls;
  };
  watch_layers(model, feed_from(samples), visitor, {.jobs = 1});
  EXPECT_EQ(calls, 2u);
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
  EXPECT_THROW(require_samples(watch_layers(model, feed_from(nothing, {"x"}), ignore, {})), Error);
}

}  // namespace
}  // namespace rangefinder::analog
