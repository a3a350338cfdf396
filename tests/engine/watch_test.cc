#include "engine/watch.h"

#include <gmock/gmock.h>

#include <map>
#include <mutex>
#include <set>
#include <stdexcept>

#include "base/error.h"
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
    return PendingSample{"sample " + std::to_string(k - 1), [first] {
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
        {.jobs = 1, .progress = [&](uint64_t n) { done.push_back(n); }});
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

TEST(Watch, RefusesAnUnknownTensor) {
  const auto ignore = [](size_t, uint64_t, const tensor::TensorView&) {};
  const std::vector<ObservedTensor> tensors = {{"z"}};
  EXPECT_THROW(watch(model(), tensors, numbers(1), ignore), Error);
}

}  // namespace
}  // namespace rangefinder::engine
