#include "engine/watch.h"

#include <gmock/gmock.h>

#include <cmath>
#include <map>
#include <mutex>
#include <set>
#include <stdexcept>

#include "base/error.h"
#include "engine/blocked_layout.h"
#include "support/onnx_builder.h"

namespace rangefinder::engine {
namespace {

using tensor::Tensor;
using testing::ElementsAre;

/// y = (x + x) * x
ModelSource model() {
  test_support::OnnxBuilder b;
  b.input("x", {-1, 2});
  b.node("Add", {"x", "x"}, {"sum"});
  b.node("Mul", {"sum", "x"}, {"y"});
  b.output("y", {-1, 2});
  return ModelSource(b.bytes(), "");
}

/// Samples {k, k + 1}, k = 0 .. count - 1.
SampleFeed numbers(uint64_t count) {
  return [count, k = uint64_t{0}]() mutable -> std::optional<PendingSample> {
    if (k == count) return std::nullopt;
    const auto first = static_cast<float>(k++);
    return PendingSample{"sample " + std::to_string(k - 1), [first](const data::HeaderCheck&) {
                           const std::vector<float> values = {first, first + 1};
                           return tensor::NamedTensors{{"x", Tensor::from_floats({1, 2}, values)}};
                         }};
  };
}

TEST(Watch, ShowsEveryTensorOfEverySample) {
  for (const int jobs : {1, 3}) {
    std::mutex mutex;
    std::map<std::pair<uint64_t, size_t>, std::vector<float>> seen;
    const std::vector<ObservedTensor> tensors = {{"sum"}, {"x"}};
    const auto watcher = [&](size_t tensor, uint64_t sample, const tensor::TensorView& values) {
      const std::lock_guard lock(mutex);
      EXPECT_THAT(values.shape, ElementsAre(1, 2));
      seen[{sample, tensor}].assign(values.floats().begin(), values.floats().end());
    };
    EXPECT_EQ(watch(model(), tensors, numbers(20), watcher, {.jobs = jobs}), 20u);
    ASSERT_EQ(seen.size(), 40u);
    EXPECT_THAT(seen.at({7, 0}), ElementsAre(14, 16));
    EXPECT_THAT(seen.at({19, 1}), ElementsAre(19, 20));
  }
}

TEST(Watch, WithOneJobKeepsTheOrderAndReportsProgress) {
  std::vector<uint64_t> samples;
  std::vector<uint64_t> done;
  const std::vector<ObservedTensor> tensors = {{"sum"}};
  watch(model(), tensors, numbers(4),
        [&](size_t, uint64_t sample, const tensor::TensorView&) { samples.push_back(sample); },
        {.jobs = 1, .progress = [&](const std::string&, size_t n, size_t) { done.push_back(n); }});
  EXPECT_THAT(samples, ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(done, ElementsAre(1, 2, 3, 4));
}

TEST(Watch, PassesOnWhatTheWatcherThrewForTheFirstFailingSample) {
  const std::vector<ObservedTensor> tensors = {{"sum"}};
  const auto watcher = [](size_t, uint64_t sample, const tensor::TensorView&) {
    if (sample >= 5) throw std::domain_error(std::to_string(sample));
  };
  for (const int jobs : {1, 4}) {
    try {
      watch(model(), tensors, numbers(50), watcher, {.jobs = jobs});
      FAIL();
    } catch (const std::domain_error& error) {
      EXPECT_STREQ(error.what(), "5");
    }
  }
}

TEST(Watch, PassesOnWhatTheFeedThrew) {
  int calls = 0;
  const SampleFeed feed = [&]() -> std::optional<PendingSample> {
    if (++calls == 3) throw Error("broken");
    return numbers(1)();
  };
  const auto ignore = [](size_t, uint64_t, const tensor::TensorView&) {};
  const std::vector<ObservedTensor> tensors = {{"x"}};
  EXPECT_THROW(watch(model(), tensors, feed, ignore, {.jobs = 2}), Error);
}

TEST(Watch, DoesNotAskAFeedThatHasEndedAgain) {
  int calls = 0;
  const SampleFeed feed = [&]() -> std::optional<PendingSample> {
    ++calls;
    return std::nullopt;
  };
  const auto ignore = [](size_t, uint64_t, const tensor::TensorView&) {};
  const std::vector<ObservedTensor> tensors = {{"x"}};
  EXPECT_EQ(watch(model(), tensors, feed, ignore, {.jobs = 3}), 0u);
  EXPECT_EQ(calls, 1);
}

TEST(Watch, StopsWhenCancelled) {
  const std::atomic<bool> cancelled = true;
  const auto ignore = [](size_t, uint64_t, const tensor::TensorView&) {};
  EXPECT_THROW(watch(model(), {}, numbers(3), ignore, {.jobs = 1, .cancelled = &cancelled}), Error);
}

/// Convolutions of 20 channels, which fill no block, their padding not zero behind a HardSigmoid.
ModelSource convolutions() {
  test_support::OnnxBuilder b;
  b.input("x", {-1, 3, -1, -1});
  b.weights("w1", {20, 3, 3, 3}, 0.3f);
  b.weights("w2", {20, 20, 1, 1}, 0.2f);
  b.node("Conv", {"x", "w1"}, {"c1"}).ints("pads", {1, 1, 1, 1});
  b.node("HardSigmoid", {"c1"}, {"gate"});
  b.node("Conv", {"gate", "w2"}, {"c2"});
  b.node("Transpose", {"c2"}, {"last"}).ints("perm", {0, 2, 3, 1});
  b.node("Relu", {"last"}, {"y"});
  b.output("y", {-1, -1, -1, 20});
  return ModelSource(b.bytes(), "");
}

SampleFeed two_pictures() {
  return [left = 2]() mutable -> std::optional<PendingSample> {
    if (left-- == 0) return std::nullopt;
    return PendingSample{
        "picture", [](const data::HeaderCheck&) {
          std::vector<float> values(2 * 3 * 5 * 7);
          for (size_t i = 0; i < values.size(); ++i) {
            values[i] = std::sin(static_cast<float>(i * i));
          }
          return tensor::NamedTensors{{"x", Tensor::from_floats({2, 3, 5, 7}, values)}};
        }};
  };
}

/// Element by element as the layout promises.
std::vector<float> row_major(const tensor::TensorView& view, int64_t block) {
  const auto stored = static_cast<const float*>(view.data);
  const int64_t channels = view.shape.size() < 2 ? 1 : view.shape[1];
  const int64_t samples = view.shape.at(0);
  const auto plane = static_cast<int64_t>(view.element_count()) / samples / channels;
  const int64_t filled = (channels + block - 1) / block * block;
  std::vector<float> result;
  for (int64_t n = 0; n < samples; ++n) {
    for (int64_t c = 0; c < channels; ++c) {
      for (int64_t p = 0; p < plane; ++p) {
        result.push_back(stored[n * filled * plane + (c / block * plane + p) * block + c % block]);
      }
    }
  }
  return result;
}

TEST(WatchBlocks, ShowsTheSameValuesInBlocksOfChannels) {
  const std::vector<ObservedTensor> tensors = {{"x"}, {"c1"}, {"gate"}, {"c2"}, {"last"}, {"y"}};
  std::map<std::pair<size_t, uint64_t>, std::vector<float>> expected;
  std::map<size_t, tensor::Shape> shapes;
  watch(convolutions(), tensors, two_pictures(),
        [&](size_t tensor, uint64_t sample, const tensor::TensorView& values) {
          expected[{tensor, sample}].assign(values.floats().begin(), values.floats().end());
          shapes[tensor] = values.shape;
        },
        {.jobs = 1});
  size_t blocked = 0;
  const auto watcher = [&](size_t tensor, uint64_t sample, const tensor::TensorView& values,
                           int64_t block) {
    EXPECT_EQ(values.shape, shapes[tensor]);
    EXPECT_EQ(row_major(values, block), (expected[{tensor, sample}])) << tensors[tensor].name;
    blocked += block > 1 ? 1 : 0;
  };
  EXPECT_EQ(watch_blocks(convolutions(), tensors, two_pictures(), watcher, {.jobs = 1}), 2u);
  EXPECT_EQ(expected.size(), 12u);
  if (channel_block() > 0) {
    EXPECT_GE(blocked, 4u);
  }
}

TEST(WatchBlocks, RefusesWhatWatchRefuses) {
  const auto ignore = [](size_t, uint64_t, const tensor::TensorView&, int64_t) {};
  const std::vector<ObservedTensor> tensors = {{"z"}};
  EXPECT_THROW(watch_blocks(model(), tensors, numbers(1), ignore), Error);
}

TEST(Watch, RefusesADeviceThatOnnxRuntimeHasNoProviderFor) {
  const std::vector<ObservedTensor> tensors = {{"sum"}};
  RunControl control{.jobs = 1};
  control.device = {.kind = Device::Kind::kCuda, .number = 0};
  EXPECT_THROW(watch(
                   model(), tensors, numbers(1), [](auto&&...) {}, control),
               Error);
  EXPECT_THROW(watch_blocks(
                   model(), tensors, numbers(1), [](auto&&...) {}, control),
               Error);
}

TEST(Watch, RefusesAnUnknownTensor) {
  const auto ignore = [](size_t, uint64_t, const tensor::TensorView&) {};
  const std::vector<ObservedTensor> tensors = {{"z"}};
  EXPECT_THROW(watch(model(), tensors, numbers(1), ignore), Error);
}

}  // namespace
}  // namespace rangefinder::engine
