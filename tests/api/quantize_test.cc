#include "rangefinder/quantize.h"

#include <algorithm>
#include <atomic>
#include <stdexcept>

#include "api/fixture.h"
#include "base/file.h"

namespace rangefinder {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

using QuantizeApi = ApiTest;

TEST_F(QuantizeApi, FromMemoryToAModelThatComputesInIntegers) {
  const QuantizedModel quantized = quantize(model(), memory(20), {.split = {.samples = 16}});
  EXPECT_EQ(quantized.summary().integer_nodes, 3u);
  EXPECT_EQ(quantized.summary().sample_count, 16u);
  EXPECT_EQ(quantized.summary().held_out_count, 4u);
  EXPECT_GT(quantized.summary().outputs.at(0).sqnr_db, 20);
  EXPECT_EQ(quantized.model().run({{"x", picture(0)}}).at("y").shape(), (Shape{1, 5}));
  EXPECT_EQ(quantized.statistics()->sample_count(), 16u);
}

TEST_F(QuantizeApi, AGeneratorGivesTheBytesOfAList) {
  for (const size_t count : {7, 10, 25}) {
    const QuantizedModel listed = quantize(model(), memory(count));
    const QuantizedModel streamed = quantize(model(), generator(count));
    EXPECT_EQ(streamed.model().bytes(), listed.model().bytes()) << count;
    EXPECT_EQ(streamed.summary().held_out_count, listed.summary().held_out_count);
    EXPECT_EQ(streamed.summary().outputs[0].sqnr_db, listed.summary().outputs[0].sqnr_db);
  }
}

TEST_F(QuantizeApi, InTwoStepsItGivesTheSame) {
  const QuantizedModel direct = quantize(model(), memory(12), {.split = {.samples = 8}});
  const Statistics statistics = observe(model(), memory(12), {.split = {.samples = 8}});
  EXPECT_EQ(statistics, *direct.statistics());
  const QuantizedModel solved = solve(model(), statistics);
  EXPECT_EQ(solved.model().bytes(), direct.model().bytes());
  EXPECT_FALSE(solved.statistics());
}

TEST_F(QuantizeApi, ShardsMergeToTheWhole) {
  const auto shard = [&](size_t index) {
    return observe(model(), memory(12), {.split = {.samples = 8}, .shard = {index, 3}});
  };
  Statistics sum = shard(1);
  sum.merge(shard(2));
  sum.merge(shard(0));
  EXPECT_EQ(sum, observe(model(), memory(12), {.split = {.samples = 8}}));
  EXPECT_EQ(parse_shard("1/3"), (Shard{1, 3}));
  EXPECT_THROW(parse_shard("3/3"), std::invalid_argument);
}

TEST_F(QuantizeApi, ASecondSourceJudges) {
  QuantizeOptions options;
  options.split.held_out = SampleSource::from_memory(pictures(5, 100));
  const QuantizedModel quantized = quantize(model(), memory(12), options);
  EXPECT_EQ(quantized.summary().sample_count, 12u);
  EXPECT_EQ(quantized.summary().held_out_count, 5u);
}

TEST_F(QuantizeApi, ResultsAreWrittenTogetherThenOrLater) {
  QuantizeOptions options{.results = {file("a.onnx"), file("a.rfs"), file("a.json")}};
  const QuantizedModel quantized = quantize(model(), memory(12), options);
  EXPECT_EQ(read_file(file("a.onnx")), quantized.model().bytes());
  EXPECT_EQ(Statistics::load(file("a.rfs")), *quantized.statistics());
  EXPECT_THAT(read_file(file("a.json")), HasSubstr("\"integer_nodes\": 3"));
  quantized.save(file("b.onnx"));
  EXPECT_EQ(read_file(file("b.onnx")), quantized.model().bytes());
  options.results.model = file("missing/a.onnx");
  EXPECT_THROW(quantize(model(), memory(12), options), Error);
  EXPECT_THROW(solve(model(), *quantized.statistics()).save({.statistics = file("c.rfs")}),
               std::invalid_argument);
}

TEST_F(QuantizeApi, WhatAGeneratorThrowsArrivesAsItIs) {
  struct OfTheLoader {};
  const auto broken =
      SampleSource::from_generator([]() -> std::optional<NamedTensors> { throw OfTheLoader(); });
  EXPECT_THROW(quantize(model(), broken), OfTheLoader);
}

TEST_F(QuantizeApi, AGeneratorMayNotChangeShapes) {
  size_t next = 0;
  const auto changing = SampleSource::from_generator([&]() -> std::optional<NamedTensors> {
    if (next++ < 3) return NamedTensors{{"x", picture(0)}};
    return NamedTensors{{"x", Tensor(ElementType::kFloat32, {1, 3, 8})}};
  });
  EXPECT_THAT([&] { quantize(model(), changing); }, ThrowsMessage<Error>(HasSubstr("sample 3: ")));
}

TEST_F(QuantizeApi, AGeneratorWithoutSamplesIsAnError) {
  EXPECT_THAT([&] { quantize(model(), generator(0)); },
              ThrowsMessage<Error>(HasSubstr("there are no samples")));
}

TEST_F(QuantizeApi, AnEndlessGeneratorIsStopped) {
  const auto endless = SampleSource::from_generator(
      []() -> std::optional<NamedTensors> {
        return NamedTensors{{"x", picture(0)}};
      },
      {}, 20);
  EXPECT_THROW(quantize(model(), endless), Error);
  EXPECT_EQ(quantize(model(), endless, {.split = {.samples = 4}}).summary().sample_count, 4u);
}

TEST_F(QuantizeApi, MethodsThatSeeTheDataTwiceNeedDataThatComeTwice) {
  // Ranges alone: what is left float for accuracy is judged by more samples where there is a list.
  const QuantizeOptions options{.method = {.name = "mean-percentile"}, .effort = Effort::kFast};
  size_t drawn = 0;
  const auto once = SampleSource::from_generator([&]() -> std::optional<NamedTensors> {
    ++drawn;
    return std::nullopt;
  });
  EXPECT_THAT([&] { quantize(model(), once, options); },
              ThrowsMessage<std::invalid_argument>(HasSubstr("more than once")));
  EXPECT_EQ(drawn, 0u) << "before the work";
  size_t next = 0;
  const auto twice = SampleSource::from_generator(
      [&]() -> std::optional<NamedTensors> {
        if (next == 8) return std::nullopt;
        return NamedTensors{{"x", picture(next++)}};
      },
      [&] { next = 0; });
  EXPECT_EQ(quantize(model(), twice, options).model().bytes(),
            quantize(model(), memory(8), options).model().bytes());
}

TEST_F(QuantizeApi, ProgressMayThrowAndCancel) {
  QuantizeOptions options;
  options.run.progress = [](const std::string&, size_t, size_t) { throw std::logic_error("mine"); };
  EXPECT_THROW(quantize(model(), memory(8), options), std::logic_error);
  std::atomic<bool> cancelled = false;
  options.run.cancelled = &cancelled;
  options.run.progress = [&](const std::string&, size_t, size_t) { cancelled = true; };
  EXPECT_THAT([&] { quantize(model(), memory(8), options); },
              ThrowsMessage<Error>(HasSubstr("interrupted")));
}

TEST_F(QuantizeApi, UnknownNamesAreMisuse) {
  EXPECT_THROW(quantize(model(), memory(4), {.method = {.name = "entropy"}}),
               std::invalid_argument);
  EXPECT_THROW(quantize(model(), memory(4), {.plan = {.target = "abacus"}}), std::invalid_argument);
  EXPECT_THROW(quantize(model(), memory(4), {.plan = {.exclude = {"no such*"}}}),
               std::invalid_argument);
}

}  // namespace
}  // namespace rangefinder
