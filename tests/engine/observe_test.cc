#include "engine/observe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <mutex>

#include "base/error.h"
#include "engine/session.h"
#include "support/memory_samples.h"
#include "support/onnx_builder.h"

namespace rangefinder::engine {
namespace {

using tensor::ElementType;
using tensor::NamedTensors;
using tensor::Tensor;
using test_support::MemorySamples;
using test_support::OnnxBuilder;
using testing::AllOf;
using testing::HasSubstr;

constexpr int64_t kSide = 6;

/// Conv, Relu, then the reciprocal of a mean: zero input gives infinity behind "mean".
ModelSource model() {
  OnnxBuilder b;
  b.input("x", {-1, 3, kSide, kSide});
  b.weights("w", {12, 3, 3, 3});
  b.node("Conv", {"x", "w"}, {"c"}).ints("pads", {1, 1, 1, 1});
  b.node("Relu", {"c"}, {"r"});
  b.node("GlobalAveragePool", {"r"}, {"mean"});
  b.node("Reciprocal", {"mean"}, {"inverse"});
  b.node("Neg", {"inverse"}, {"y"});
  b.output("y", {-1, 12, 1, 1});
  return {b.bytes(), "net.onnx"};
}

// Not in graph order.
const std::vector<ObservedTensor> kTensors = {{"y", -1, 1}, {"inverse"}, {"x"}, {"r", 1}};

std::vector<NamedTensors> samples(size_t count) {
  return test_support::picture_samples(count, kSide);
}

Tensor& only(NamedTensors& sample) { return sample.begin()->second; }

std::string error_of(const MemorySamples& source, const RunControl& options) {
  try {
    observe(model(), kTensors, source, options);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(Observe, AnyNumberOfJobsGivesTheSame) {
  const MemorySamples source(samples(23));
  const Observation one = observe(model(), kTensors, source, {.jobs = 1});
  ASSERT_EQ(one.tensors.size(), 4u);
  EXPECT_EQ(one.sample_count, 23u);
  EXPECT_EQ(one.plain_because, "");
  EXPECT_EQ(one.tensors[3].channels.size(), 12u);
  EXPECT_EQ(one.tensors[3].batch_figures[0].batch_count(), 23u);
  EXPECT_EQ(one.tensors[0].row_top->row_count(), 45u);  // a row for each picture of 1 to 3
  for (const int jobs : {0, 2, 3, 50}) {
    EXPECT_EQ(observe(model(), kTensors, source, {.jobs = jobs}).tensors, one.tensors) << jobs;
  }
}

TEST(Observe, ShardsAddUpToTheWhole) {
  std::vector<NamedTensors> all = samples(9);
  const auto whole = observe(model(), kTensors, MemorySamples(all)).tensors;
  std::vector<NamedTensors> front(all.begin(), all.begin() + 4);
  std::vector<NamedTensors> back(all.begin() + 4, all.end());
  auto sum = observe(model(), kTensors, MemorySamples(back)).tensors;
  const auto more = observe(model(), kTensors, MemorySamples(front)).tensors;
  for (size_t i = 0; i < sum.size(); ++i) sum[i].merge(more[i]);
  EXPECT_EQ(sum, whole);
}

TEST(Observe, PassesOfOneObserverKnowNothingOfEachOther) {
  const MemorySamples first(samples(5));
  auto others = samples(4);
  std::rotate(others.begin(), others.begin() + 3, others.end());
  Observer observer(model(), kTensors, 2, {.jobs = 2});
  const Stage stage{"observe", 5};
  EXPECT_EQ(observer.observe(feed_from(first), stage).tensors,
            observe(model(), kTensors, first).tensors);
  const MemorySamples second(others);
  EXPECT_EQ(observer.observe_what_fits(feed_from(second), {"more", 4}).tensors,
            observe(model(), kTensors, second).tensors);
}

TEST(Observe, SamplesThatMustNotStopAnythingArePassedOver) {
  auto bad = samples(4);
  only(bad[1]) = Tensor(ElementType::kFloat32, {1, 3, kSide, kSide});
  only(bad[2]) = Tensor(ElementType::kFloat32, {5});
  Observer observer(model(), kTensors, 1, {.jobs = 1});
  const auto found = observer.observe_what_fits(feed_from(MemorySamples(bad)), {"look", 4});
  ASSERT_EQ(found.tensors[1].channels.size(), 1u);
  EXPECT_EQ(found.tensors[1].channels[0].extrema.infinity_count(), 12u) << "of the zeros";
  // Samples 0, 1 and 3 have 1, 1 and 1 pictures of three channels.
  EXPECT_EQ(found.tensors[2].channels[0].count(), 3u * 3 * kSide * kSide);
  EXPECT_THROW(observer.observe(feed_from(MemorySamples(bad)), {"observe", 4}), Error);
}

TEST(Observe, OutputsAreHandedOverBesideTheCounts) {
  const MemorySamples source(samples(6));
  const Observation plain = observe(model(), kTensors, source);
  Session session(model());
  Observer observer(model(), kTensors, 2, {.jobs = 2});
  std::mutex mutex;
  std::map<uint64_t, NamedTensors> taken;
  WantedOutputs outputs{.names = {session.outputs()[0].name},
                        .take = [&](uint64_t place, NamedTensors values) {
                          const std::lock_guard lock(mutex);
                          taken[place] = std::move(values);
                        }};
  const auto check = [&](size_t count) {
    EXPECT_EQ(taken.size(), count);
    for (const auto& [place, values] : taken) {
      ASSERT_EQ(values.size(), 1u) << "no token, nothing that was not asked for";
      const auto& [name, value] = *values.begin();
      const Tensor expected = session.run(source.read(place)).at(name);
      ASSERT_EQ(value.shape(), expected.shape());
      for (size_t i = 0; i < value.floats().size(); ++i) {
        EXPECT_NEAR(value.floats()[i], expected.floats()[i], 1e-4f);
      }
    }
    taken.clear();
  };
  EXPECT_EQ(observer.observe_what_fits(feed_from(source), {"look", 6}, outputs).tensors,
            plain.tensors);
  check(6);
  observer.run_what_fits(feed_from(source), {"look", 6}, outputs);
  check(6);
  outputs.is_wanted = [](uint64_t place) { return place % 3 == 1; };
  EXPECT_EQ(observer.observe(feed_from(source), {"observe", 6}, {}, outputs).tensors, plain.tensors)
      << "nothing was counted before";
  EXPECT_TRUE(taken.contains(1) && taken.contains(4));
  check(2);
}

TEST(Observe, WithoutSamplesOrTensorsThereIsNothing) {
  const Observation none = observe(model(), kTensors, MemorySamples({}));
  ASSERT_EQ(none.tensors.size(), 4u);
  EXPECT_TRUE(none.tensors[0].channels.empty());
  EXPECT_TRUE(observe(model(), {}, MemorySamples(samples(2))).tensors.empty());
}

TEST(Observe, ReportsProgressOneSampleAtATime) {
  std::vector<size_t> seen;
  RunControl options{.jobs = 2};
  options.progress = [&](const std::string& stage, size_t done, size_t total) {
    EXPECT_EQ(stage, "observe");
    EXPECT_EQ(total, 8u);
    seen.push_back(done);
  };
  observe(model(), kTensors, MemorySamples(samples(8)), options);
  EXPECT_EQ(seen, (std::vector<size_t>{1, 2, 3, 4, 5, 6, 7, 8}));
}

TEST(Observe, TheFirstBadSampleIsReportedForAnyNumberOfJobs) {
  std::vector<NamedTensors> data = samples(20);
  for (const size_t bad : {6u, 7u, 15u}) {
    only(data[bad]) = Tensor(ElementType::kFloat32, {1, 3, kSide, static_cast<int64_t>(bad)});
  }
  only(data[6]) = Tensor(ElementType::kFloat32, {1, 2, kSide, kSide});
  for (int repeat = 0; repeat < 5; ++repeat) {
    for (const int jobs : {1, 2, 4}) {
      EXPECT_THAT(
          error_of(MemorySamples(data), {.jobs = jobs}),
          AllOf(HasSubstr("sample6"), HasSubstr("[1, 2, 6, 6]"), HasSubstr("[?, 3, 6, 6]")));
    }
  }
}

TEST(Observe, NotFiniteValuesNameTheFirstTensorOfTheFirstSample) {
  std::vector<NamedTensors> data = samples(12);
  only(data[9]).floats()[5] = std::nanf("");
  for (float& value : only(data[4]).floats()) value = 0;  // 1 / 0 at "inverse".
  for (const int jobs : {1, 2, 4}) {
    EXPECT_THAT(error_of(MemorySamples(data), {.jobs = jobs}),
                AllOf(HasSubstr("sample4"), HasSubstr("'inverse'"), HasSubstr("infinite")));
  }
  only(data[2]).floats()[0] = std::nanf("");
  EXPECT_THAT(error_of(MemorySamples(data), {}),
              AllOf(HasSubstr("sample2"), HasSubstr("'x'"), HasSubstr("NaN")));
}

TEST(Observe, NotFiniteValuesMayBeIgnoredButAreCounted) {
  std::vector<NamedTensors> data = samples(3);
  only(data[1]).floats()[0] = std::nanf("");
  const Observation seen =
      observe(model(), kTensors, MemorySamples(data), {.nonfinite = Nonfinite::kIgnore});
  EXPECT_EQ(seen.tensors[2].channels[0].extrema.nan_count, 1u);
  EXPECT_EQ(seen.tensors[2].channels[0].count(), (1u + 2 + 3) * 3 * kSide * kSide);
  EXPECT_GT(seen.tensors[3].channels[0].extrema.nan_count, 0u);
}

TEST(Observe, StopsWhenCancelled) {
  std::atomic<bool> cancelled = false;
  size_t last = 0;
  RunControl options{.jobs = 1, .cancelled = &cancelled};
  options.progress = [&](const std::string&, size_t done, size_t) {
    last = done;
    cancelled = done == 3;
  };
  EXPECT_THAT(error_of(MemorySamples(samples(10)), options), HasSubstr("interrupted"));
  EXPECT_EQ(last, 3u);
}

TEST(Observe, CountsPlainlyWhereTheModelCannotBeRewritten) {
  const MemorySamples source(samples(4));
  const Observation rewritten = observe(model(), kTensors, source);
  const char* old = std::getenv("TMPDIR");
  const std::string saved = old == nullptr ? "" : old;
  ::setenv("TMPDIR", "/nonexistent-folder", 1);
  const Observation plain = observe(model(), kTensors, source);
  old == nullptr ? ::unsetenv("TMPDIR") : ::setenv("TMPDIR", saved.c_str(), 1);
  EXPECT_THAT(plain.plain_because, HasSubstr("temporary"));
  EXPECT_EQ(plain.in_place_count, 0u);
  EXPECT_EQ(plain.tensors, rewritten.tensors);
}

TEST(Observe, ABrokenModelIsAnError) {
  EXPECT_THROW(observe(ModelSource("rubbish", "x.onnx"), {}, MemorySamples(samples(1))), Error);
  EXPECT_THROW(observe(model(), {{{"nowhere"}}}, MemorySamples(samples(1))), Error);
}

}  // namespace
}  // namespace rangefinder::engine
