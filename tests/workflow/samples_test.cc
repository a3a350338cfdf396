#include "workflow/samples.h"

#include <gmock/gmock.h>

#include <array>
#include <stdexcept>

#include "base/error.h"
#include "data/memory_source.h"
#include "workflow/fixture.h"

namespace rangefinder::workflow {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

class SamplesTest : public WorkflowTest {
 protected:
  SampleInput input() const { return open_input({samples()}); }
};

TEST_F(SamplesTest, AListIsSplitBeforeAnythingIsRead) {
  const auto set = split_samples(input(), {.samples = 8});
  EXPECT_EQ(set->calibration_count(), 8u);
  ASSERT_EQ(set->indices().size(), 1u);
  const auto [fingerprint, indices] = *set->indices().begin();
  EXPECT_EQ(indices, statistics::SampleSet::of({0, 1, 2, 3, 4, 5, 6, 7}));
  EXPECT_EQ(set->held_out()->size(), 4u);
  EXPECT_TRUE(set->can_repeat());
  EXPECT_EQ(fingerprint, split_samples(input(), {.samples = 3})->indices().begin()->first)
      << "of the whole data set";
}

TEST_F(SamplesTest, AShardSeesItsPart) {
  const auto set = split_samples(input(), {.samples = 8, .shard = {.index = 1, .count = 3}});
  EXPECT_EQ(set->indices().begin()->second, statistics::SampleSet::of({1, 4, 7}));
  EXPECT_EQ(set->calibration()()->name, (samples() / "1.npy").string());
  EXPECT_EQ(set->held_out()->size(), 4u) << "the same for all shards";
}

TEST_F(SamplesTest, ASecondSourceJudgesAndLeavesAllOfTheFirst) {
  const auto set = split_samples(input(), {.held_out = open_input({samples() / "3.npy"})});
  EXPECT_EQ(set->calibration_count(), kSampleCount);
  ASSERT_EQ(set->held_out()->size(), 1u);
  EXPECT_EQ(set->held_out()->name(0), (samples() / "3.npy").string());
}

tensor::NamedTensors sample(float value) {
  return {{"x", tensor::Tensor::from_floats({1}, std::array{value})}};
}

float value_of(const tensor::NamedTensors& sample) { return sample.at("x").floats()[0]; }

/// Yields 0, 1, 2, ...
SampleInput stream(size_t count, bool rewinds = false) {
  const auto next = std::make_shared<size_t>(0);
  SampleInput input;
  input.stream.next = [count, next]() -> std::optional<tensor::NamedTensors> {
    if (*next == count) return std::nullopt;
    return sample(static_cast<float>((*next)++));
  };
  if (rewinds) input.stream.rewind = [next] { *next = 0; };
  return input;
}

std::vector<float> drained(Samples& samples) {
  std::vector<float> values;
  const auto feed = samples.calibration();
  while (const auto pending = feed()) values.push_back(value_of(pending->read({})));
  return values;
}

std::vector<float> held_out(const Samples& samples) {
  std::vector<float> values;
  const auto source = samples.held_out();
  for (size_t i = 0; i < source->size(); ++i) values.push_back(value_of(source->read(i)));
  return values;
}

SampleInput list(size_t count) {
  std::vector<tensor::NamedTensors> samples;
  for (size_t i = 0; i < count; ++i) samples.push_back(sample(static_cast<float>(i)));
  return {.list = std::make_shared<data::MemorySource>(std::move(samples))};
}

TEST_F(SamplesTest, AStreamIsSplitAsAListOfThatLength) {
  for (const size_t count : {1, 2, 3, 9, 10, 11, 19, 20, 100, 320}) {
    const auto streamed = split_samples(stream(count));
    const auto listed = split_samples(list(count));
    EXPECT_EQ(drained(*streamed), drained(*listed)) << count;
    EXPECT_EQ(held_out(*streamed), held_out(*listed)) << count;
  }
}

TEST_F(SamplesTest, WhereNothingIsJudgedAllAreCalibratedOn) {
  for (const SampleInput& input : {stream(25), list(25)}) {
    const auto all = all_samples(input);
    EXPECT_EQ(drained(*all).size(), 25u);
    EXPECT_EQ(all->held_out()->size(), 0u);
  }
}

TEST_F(SamplesTest, OfALongStreamNoMoreAreHeldOut) {
  const auto streamed = split_samples(stream(1000));
  EXPECT_EQ(drained(*streamed).size(), 1000 - data::kMaxHeldOut);
  EXPECT_EQ(held_out(*streamed).size(), data::kMaxHeldOut);
}

TEST_F(SamplesTest, AsManyAreHeldOutAsAreAskedFor) {
  for (const auto& input_of : {+[] { return stream(40); }, +[] { return list(40); }}) {
    const auto two = split_samples(input_of(), {.samples = 10, .most_held_out = 2});
    EXPECT_EQ(drained(*two).size(), 10u);
    EXPECT_EQ(held_out(*two).size(), 2u);
    const auto none = split_samples(input_of(), {.most_held_out = 0});
    EXPECT_EQ(drained(*none).size(), 40u) << "all are calibrated on";
    EXPECT_EQ(held_out(*none).size(), 0u);
  }
}

TEST_F(SamplesTest, BehindTheLimitOfAStreamSamplesAreHeldOut) {
  const auto streamed = split_samples(stream(7), {.samples = 4});
  EXPECT_THAT(drained(*streamed), ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(held_out(*streamed), ElementsAre(4, 5, 6));
  const auto endless = split_samples(stream(1'000'000'000), {.samples = 4});
  EXPECT_EQ(drained(*endless).size(), 4u);
  EXPECT_EQ(held_out(*endless).size(), data::kMaxHeldOut);
}

TEST_F(SamplesTest, AStreamIsToldByItsValues) {
  const auto one = split_samples(stream(5));
  EXPECT_TRUE(one->indices().empty()) << "before the pass";
  drained(*one);
  const auto same = split_samples(stream(5));
  drained(*same);
  EXPECT_EQ(one->indices(), same->indices());
  EXPECT_EQ(one->indices().begin()->second, statistics::SampleSet::of({0, 1, 2, 3}));
  const auto other = split_samples(stream(6));
  drained(*other);
  EXPECT_NE(one->indices(), other->indices());
}

TEST_F(SamplesTest, AStreamPassesByOnceUnlessItCanBeRewound) {
  const auto once = split_samples(stream(5));
  EXPECT_FALSE(once->can_repeat());
  drained(*once);
  EXPECT_THAT([&] { once->calibration(); }, ThrowsMessage<Error>(HasSubstr("pass by only once")));
  const auto again = split_samples(stream(5, true));
  EXPECT_TRUE(again->can_repeat());
  const auto first = drained(*again);
  EXPECT_EQ(drained(*again), first);
  EXPECT_THAT(held_out(*again), ElementsAre(4));
}

TEST_F(SamplesTest, AfterAPassTheLengthOfAStreamIsKnown) {
  for (const std::optional<size_t> limit : {std::optional<size_t>(), std::optional<size_t>(100)}) {
    const auto set = split_samples(stream(25, true), {.samples = limit});
    const size_t expected = limit ? 25 : 23;
    EXPECT_EQ(set->calibration_count(), limit.value_or(0));
    const auto feed = set->calibration();
    for (size_t i = 0; i < expected; ++i) feed();
    EXPECT_EQ(set->calibration_count(), limit.value_or(0));
    EXPECT_FALSE(feed().has_value());
    EXPECT_EQ(set->calibration_count(), expected);
  }
}

TEST_F(SamplesTest, AnEndlessStreamIsRefused) {
  SampleInput input = stream(1'000'000'000);
  input.stream.endless_after = 50;
  const auto endless = split_samples(input);
  EXPECT_THAT([&] { drained(*endless); }, ThrowsMessage<Error>(HasSubstr("more than 50 samples")));
  EXPECT_THROW(as_list(input), Error);
  EXPECT_EQ(as_list(input, 3)->size(), 3u);
}

TEST_F(SamplesTest, WhatAStreamThrowsArrives) {
  SampleInput input;
  input.stream.next = []() -> std::optional<tensor::NamedTensors> {
    throw std::out_of_range("the loader's own");
  };
  const auto broken = split_samples(input);
  EXPECT_THROW(drained(*broken), std::out_of_range);
}

TEST_F(SamplesTest, RefusesWhatCannotBeMeant) {
  EXPECT_THROW(split_samples(input(), {.samples = 0}), std::invalid_argument);
  EXPECT_THROW(split_samples(stream(3), {.shard = {.index = 0, .count = 2}}),
               std::invalid_argument);
}

// Those who look at samples again may stop before the end, where samples are held out.
TEST(StreamSamples, AStreamThatComesAgainKeepsWhatItHeldOut) {
  for (const auto& limit : {std::optional<size_t>(), std::optional<size_t>(12)}) {
    const auto samples = split_samples(stream(20, true), {.samples = limit});
    auto feed = samples->calibration();
    while (feed()) {
    }
    const size_t held_out = samples->held_out()->size();
    ASSERT_GT(held_out, 0u);
    auto again = samples->calibration();
    ASSERT_TRUE(again());
    EXPECT_EQ(samples->held_out()->size(), held_out);
    while (again()) {
    }
    EXPECT_EQ(samples->held_out()->size(), held_out);
  }
}

}  // namespace
}  // namespace rangefinder::workflow
