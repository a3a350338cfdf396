#include "analysis/model_error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <optional>

#include "base/error.h"
#include "engine/work_counts.h"
#include "support/memory_samples.h"
#include "support/onnx_builder.h"

namespace rangefinder::analysis {
namespace {

using engine::ModelSource;
using tensor::ElementType;
using tensor::NamedTensors;
using tensor::Tensor;
using test_support::MemorySamples;
using test_support::OnnxBuilder;
using testing::AllOf;
using testing::HasSubstr;

/// scaled = x * factor, and an integer output that both models share.
ModelSource scaling(float factor, const std::string& output = "scaled") {
  OnnxBuilder b;
  b.input("x", {-1, 4});
  b.initializer("factor", {}, std::vector<float>{factor});
  b.node("Mul", {"x", "factor"}, {output});
  b.node("Shape", {"x"}, {"shape"});
  b.output(output, {-1, 4});
  b.output("shape", {2}, onnx::TensorProto::INT64);
  return {b.bytes(), "scaling.onnx"};
}

std::vector<NamedTensors> samples(size_t count) {
  std::vector<NamedTensors> result;
  for (size_t i = 0; i < count; ++i) {
    const auto v = static_cast<float>(i);
    result.push_back({{"x", Tensor::from_floats({1, 4}, std::vector<float>{v, 0.1f, -v, 0.7f})}});
  }
  return result;
}

TEST(ModelError, MeasuresEachOutput) {
  const MemorySamples source(samples(5));
  const auto errors = model_error(scaling(2), scaling(2.5f), source).outputs;
  ASSERT_EQ(errors.size(), 2u);
  EXPECT_EQ(errors[0].name, "scaled");
  EXPECT_EQ(errors[0].metrics.count(), 20u);
  // A factor of 1.25: the error is a quarter of the signal, in the same direction.
  EXPECT_NEAR(errors[0].metrics.sqnr_db(), 20 * std::log10(4.0), 1e-6);
  EXPECT_NEAR(errors[0].metrics.cosine(), 1, 1e-9);
  EXPECT_FLOAT_EQ(static_cast<float>(errors[0].metrics.max_abs_error()), 2);
  EXPECT_EQ(errors[1].name, "shape");
  EXPECT_EQ(errors[1].metrics.max_abs_error(), 0);
}

OutputError error_with(const std::vector<SamplePower>& powers) {
  OutputError total;
  for (const auto& [signal, noise] : powers) {
    const std::vector<float> real = {static_cast<float>(std::sqrt(signal)), 0};
    const std::vector<float> restored = {real[0], static_cast<float>(std::sqrt(noise))};
    OutputError one{.powers = {{signal, noise}}, .sample_count = 1};
    one.metrics.add(real, restored);
    total.merge(one);
  }
  return total;
}

TEST(OutputError, TheBoundIsTheNoisePlusItsStandardErrors) {
  // Noises 1, 4, 4, 9: sum 18, mean 4.5, variance (12.25 + .25 + .25 + 20.25) / 3 = 11, so that the
  // sum of four has the standard deviation sqrt(44).
  const OutputError error = error_with({{100, 1}, {400, 4}, {100, 4}, {400, 9}});
  EXPECT_NEAR(error.metrics.sqnr_db(), 10 * std::log10(1000.0 / 18), 1e-6);
  EXPECT_NEAR(*error.noise_bound(), 18 + 1.64 * std::sqrt(44.0), 1e-6);
  EXPECT_NEAR(*error.sqnr_bound_db(), 10 * std::log10(1000 / (18 + 1.64 * std::sqrt(44.0))), 1e-6);
}

TEST(OutputError, EqualSamplesLeaveNoDoubt) {
  const OutputError error = error_with({{100, 4}, {100, 4}, {100, 4}});
  EXPECT_DOUBLE_EQ(*error.sqnr_bound_db(), error.metrics.sqnr_db());
}

TEST(OutputError, OneSampleHasNoBound) {
  EXPECT_EQ(error_with({{100, 4}}).sqnr_bound_db(), std::nullopt);
  EXPECT_EQ(OutputError{}.sqnr_bound_db(), std::nullopt);
  EXPECT_EQ(error_with({{100, 0}, {9, 0}}).sqnr_bound_db(), INFINITY);
}

TEST(ModelError, KeepsThePowersOfEachSampleInOrder) {
  const MemorySamples source(samples(4));
  for (const int jobs : {1, 3}) {
    const auto error =
        model_error(scaling(1), scaling(3), source, {.run = {.jobs = jobs}}).outputs[0];
    ASSERT_EQ(error.powers.size(), 4u);
    for (size_t i = 0; i < 4; ++i) {
      // The values are i, 0.1, -i and 0.7; the difference is twice as much.
      const double signal = 2.0 * static_cast<double>(i * i) + 0.5;
      EXPECT_NEAR(error.powers[i].signal, signal, 1e-6);
      EXPECT_NEAR(error.powers[i].noise, 4 * signal, 1e-5);
    }
  }
}

TEST(ModelError, AnyNumberOfJobsGivesTheSameBits) {
  const MemorySamples source(samples(101));
  const auto one = model_error(scaling(2), scaling(2.1f), source, {.run = {.jobs = 1}}).outputs;
  for (const int jobs : {2, 3, 8}) {
    const auto many =
        model_error(scaling(2), scaling(2.1f), source, {.run = {.jobs = jobs}}).outputs;
    EXPECT_EQ(many[0].metrics.sqnr_db(), one[0].metrics.sqnr_db());
    EXPECT_EQ(many[0].sqnr_bound_db(), one[0].sqnr_bound_db());
    EXPECT_EQ(many[0].metrics.cosine(), one[0].metrics.cosine());
    EXPECT_EQ(many[0].metrics.mse(), one[0].metrics.mse());
    EXPECT_EQ(many[0].metrics.count(), one[0].metrics.count());
  }
}

TEST(ModelError, NothingToCompareIsAnEmptyMeasure) {
  const auto errors = model_error(scaling(1), scaling(2), MemorySamples({})).outputs;
  ASSERT_EQ(errors.size(), 2u);
  EXPECT_EQ(errors[0].metrics.count(), 0u);
}

TEST(ModelError, IntegersAreAlsoCountedAsEqualOrNot) {
  const auto converting = [](float factor) {
    OnnxBuilder b;
    b.input("x", {-1, 4});
    b.initializer("factor", {}, std::vector<float>{factor});
    b.node("Mul", {"x", "factor"}, {"scaled"});
    b.node("Cast", {"scaled"}, {"y"}).integer("to", onnx::TensorProto::INT64);
    b.output("y", {-1, 4}, onnx::TensorProto::INT64);
    return ModelSource(b.bytes(), "converting.onnx");
  };
  // Of 1, 3, 0 and 0 only the zeros stay when doubled.
  const std::vector<float> values = {1, 3, 0.1f, 0.2f};
  const NamedTensors sample = {{"x", Tensor::from_floats({1, 4}, values)}};
  const MemorySamples source(std::vector<NamedTensors>{sample});
  const auto errors = model_error(converting(1), converting(2), source).outputs;
  EXPECT_EQ(errors[0].equal_share(), 0.5);
  EXPECT_EQ(model_error(scaling(1), scaling(2), source).outputs[0].equal_share(), std::nullopt);
}

/// The values of x above a threshold: how many depends on the data.
ModelSource above(float threshold) {
  OnnxBuilder b;
  b.input("x", {-1, 4});
  b.initializer("threshold", {}, std::vector<float>{threshold});
  b.node("Greater", {"x", "threshold"}, {"mask"});
  b.node("NonZero", {"mask"}, {"found"});
  b.node("Neg", {"x"}, {"negated"});
  b.output("found", {2, -1}, onnx::TensorProto::INT64);
  b.output("negated", {-1, 4});
  return {b.bytes(), "above.onnx"};
}

TEST(ModelError, AShapeThatDependsOnTheDataIsCountedAndTheRestCompared) {
  // Of the values i, 0.1, -i and 0.7 the last lies between 0.5 and 0.8.
  const auto found = model_error(above(0.5f), above(0.8f), MemorySamples(samples(6)));
  ASSERT_EQ(found.outputs.size(), 2u);
  EXPECT_EQ(found.outputs[0].shape_mismatch_count, 6u);
  EXPECT_EQ(found.outputs[0].sample_count, 0u);
  EXPECT_EQ(found.outputs[1].shape_mismatch_count, 0u);
  EXPECT_EQ(found.outputs[1].sample_count, 6u);
  EXPECT_EQ(found.outputs[1].metrics.count(), 24u);
  const auto some = model_error(above(0.8f), above(2.5f), MemorySamples(samples(6)));
  EXPECT_EQ(some.outputs[0].shape_mismatch_count, 2u) << "1 and 2 lie between";
  EXPECT_EQ(some.outputs[0].sample_count, 4u);
  EXPECT_TRUE(some.left_out.empty());
}

TEST(ModelError, AnOutputOfOneModelAloneIsNamed) {
  const auto found = model_error(scaling(1), scaling(1, "renamed"), MemorySamples(samples(2)));
  ASSERT_EQ(found.outputs.size(), 3u);
  EXPECT_EQ(found.outputs[0].name, "scaled");
  EXPECT_THAT(found.outputs[0].obstacle, HasSubstr("no such output"));
  EXPECT_EQ(found.outputs[1].name, "shape");
  EXPECT_EQ(found.outputs[1].sample_count, 2u);
  EXPECT_EQ(found.outputs[2].name, "renamed");
  EXPECT_THAT(found.outputs[2].obstacle, HasSubstr("no such output"));
}

TEST(ModelError, OutputsThatAreNoTensorsOfNumbersAreNamed) {
  OnnxBuilder b;
  b.input("x", {-1, 4});
  b.node("SequenceConstruct", {"x"}, {"all"});
  b.node("Neg", {"x"}, {"y"});
  auto* output = b.graph().add_output();
  output->set_name("all");
  output->mutable_type()
      ->mutable_sequence_type()
      ->mutable_elem_type()
      ->mutable_tensor_type()
      ->set_elem_type(onnx::TensorProto::FLOAT);
  b.output("y", {-1, 4});
  const ModelSource model(b.bytes(), "sequence.onnx");
  const auto found = model_error(model, model, MemorySamples(samples(2)));
  EXPECT_THAT(found.outputs[0].obstacle, HasSubstr("not a tensor"));
  EXPECT_EQ(found.outputs[1].sample_count, 2u);
}

std::string error_of(const ModelSource& other, const MemorySamples& source,
                     const ModelErrorOptions& options = {}) {
  try {
    model_error(scaling(1), other, source, options);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(ModelError, AModelThatDoesNotLoadIsAnError) {
  EXPECT_THAT(error_of(ModelSource("rubbish", "bad.onnx"), MemorySamples(samples(2))),
              HasSubstr("bad.onnx"));
}

TEST(ModelError, ABadSampleIsAnErrorOrLeftOut) {
  auto two_bad = samples(5);
  two_bad[1] = {{"x", Tensor::from_floats({1, 3}, std::vector<float>{1, 2, 3})}};
  two_bad[3].begin()->second.floats()[2] = NAN;
  const MemorySamples source(two_bad);
  ModelErrorOptions options{.check = [](const NamedTensors&, const std::string& name) {
    throw Error("not finite", {.file = name});
  }};
  EXPECT_THAT(error_of(scaling(2), source, options), HasSubstr("sample1"));
  options.leave_out_bad_samples = true;
  for (const int jobs : {1, 3}) {
    options.run.jobs = jobs;
    const auto found = model_error(scaling(1), scaling(2), source, options);
    EXPECT_EQ(found.outputs[0].sample_count, 3u);
    ASSERT_EQ(found.left_out.size(), 2u);
    EXPECT_EQ(found.left_out[0].name, "sample1");
    EXPECT_THAT(found.left_out[0].reason, HasSubstr("[1, 3]"));
    EXPECT_EQ(found.left_out[1].name, "sample3");
    EXPECT_THAT(found.left_out[1].reason, HasSubstr("not finite"));
  }
}

TEST(ModelError, OnlySamplesThatAreNotFiniteAreChecked) {
  size_t asked = 0;
  const ModelErrorOptions options{
      .check = [&](const NamedTensors&, const std::string&) { ++asked; }};
  auto infinite = samples(3);
  model_error(scaling(1), scaling(2), MemorySamples(infinite), options);
  EXPECT_EQ(asked, 0u);
  infinite[2].begin()->second.floats()[0] = -INFINITY;
  const auto found = model_error(scaling(1), scaling(2), MemorySamples(infinite), options);
  EXPECT_EQ(asked, 1u);
  EXPECT_EQ(found.outputs[0].metrics.nonfinite_count(), 1u) << "it was legal, so it is compared";
  EXPECT_EQ(found.outputs[0].sample_count, 3u);
}

/// y = x[index], which fails if there is no such row.
ModelSource picking(int64_t index) {
  OnnxBuilder b;
  b.input("x", {-1, 4});
  b.initializer("index", {1}, std::vector<int64_t>{index});
  b.node("Gather", {"x", "index"}, {"y"});
  b.output("y", {1, 4});
  return {b.bytes(), "picking.onnx"};
}

TEST(ModelError, ASampleOnWhichAModelFailsIsLeftOut) {
  auto mixed = samples(3);
  mixed[1] = {{"x", Tensor::from_floats({2, 4}, std::vector<float>(8, 1))}};
  const auto found = model_error(picking(0), picking(1), MemorySamples(mixed));
  EXPECT_EQ(found.outputs[0].sample_count, 1u);
  ASSERT_EQ(found.left_out.size(), 2u);
  EXPECT_EQ(found.left_out[0].name, "sample0");
  EXPECT_THAT(found.left_out[0].reason, AllOf(HasSubstr("picking.onnx"), HasSubstr("sample0")));
}

TEST(ModelError, WhoInterruptsIsNotTakenForABadSample) {
  const std::atomic<bool> cancelled = true;
  ModelErrorOptions options{.leave_out_bad_samples = true};
  options.run.cancelled = &cancelled;
  EXPECT_THAT(error_of(scaling(2), MemorySamples(samples(2)), options), HasSubstr("interrupted"));
}

/// What `model` gives on the samples, with one of them left out.
void know(KnownOutputs& known, const ModelSource& model, const std::vector<NamedTensors>& all,
          size_t missing) {
  engine::Session session(model);
  for (size_t i = 0; i < all.size(); ++i) {
    if (i != missing) known.keep(i, session.run(all[i]));
  }
}

/// Runs beside those of the other model.
uint64_t runs_of_reference(const MemorySamples& source, const ModelErrorOptions& options) {
  const uint64_t before = engine::work_counts().runs;
  model_error(scaling(2), scaling(2.5f), source, options);
  return engine::work_counts().runs - before - source.size();
}

TEST(ModelError, TheReferenceRunsOnlyOnWhatIsNotKnown) {
  const auto all = samples(6);
  const MemorySamples source(all);
  for (const int jobs : {1, 3}) {
    KnownOutputs known;
    const ModelErrorOptions options{.run = {.jobs = jobs}, .known = &known};
    EXPECT_EQ(runs_of_reference(source, options), 6u);
    EXPECT_EQ(runs_of_reference(source, options), 0u) << "kept the first time";
    known.clear();
    know(known, scaling(2), all, 4);
    EXPECT_EQ(runs_of_reference(source, options), 2u) << "the missing one, and once to be warm";
    EXPECT_NE(known.find(4), nullptr);
  }
}

TEST(ModelError, WhatIsKnownIsTheReference) {
  const auto all = samples(5);
  const MemorySamples source(all);
  const auto plain = model_error(scaling(2), scaling(2.5f), source).outputs;
  KnownOutputs known;
  const ModelErrorOptions options{.known = &known};
  for (int time = 0; time < 2; ++time) {
    const auto found = model_error(scaling(2), scaling(2.5f), source, options).outputs;
    ASSERT_EQ(found.size(), plain.size());
    EXPECT_EQ(found[0].metrics.sqnr_db(), plain[0].metrics.sqnr_db());
    EXPECT_EQ(found[1].equal_share(), plain[1].equal_share());
  }
  known.clear();
  know(known, scaling(2.5f), all, 5);
  const auto found = model_error(scaling(2), scaling(2.5f), source, options).outputs;
  EXPECT_EQ(found[0].metrics.max_abs_error(), 0) << "not borrowed, and so not checked";
}

TEST(ModelError, SamplesThatJoinAreKnownBehindTheOthers) {
  const auto all = samples(7);
  const MemorySamples source({all.begin(), all.begin() + 3});
  const MemorySamples more({all.begin() + 3, all.end()});
  KnownOutputs known;
  const ModelErrorOptions options{.more_samples = [&] { return engine::feed_from(more); },
                                  .known = &known};
  EXPECT_EQ(runs_of_reference(source, options), 3u + 4 + 4)
      << "and the other model on more samples";
  EXPECT_EQ(runs_of_reference(source, options), 4u);
  for (size_t i = 0; i < all.size(); ++i) EXPECT_NE(known.find(i), nullptr) << i;
}

TEST(ModelError, BorrowedOutputsMayDifferByRounding) {
  const auto all = samples(5);
  const MemorySamples source(all);
  for (const int jobs : {1, 3}) {
    KnownOutputs known;
    know(known, scaling(2.00002f), all, 5);
    known.set_borrowed(true);
    const ModelErrorOptions options{.run = {.jobs = jobs}, .known = &known};
    EXPECT_EQ(runs_of_reference(source, options), 1u) << "to check them";
    EXPECT_FALSE(known.are_borrowed());
    const double error =
        model_error(scaling(2), scaling(2.5f), source, options).outputs[0].metrics.max_abs_error();
    EXPECT_NEAR(error, 2, 1e-3);
    EXPECT_LT(error, 1.99995) << "they are used";
  }
}

TEST(ModelError, BorrowedOutputsThatAreOthersAreGivenUp) {
  const auto all = samples(5);
  const MemorySamples source(all);
  const auto plain = model_error(scaling(2), scaling(2.5f), source).outputs;
  // 14 dB below the other's error; without one of the outputs; of another shape.
  for (const int kind : {0, 1, 2}) {
    KnownOutputs known;
    engine::Session session(scaling(kind == 0 ? 2.1f : 2.f));
    for (size_t i = 0; i < all.size(); ++i) {
      auto values = session.run(all[i]);
      if (kind == 1) values.erase("shape");
      if (kind == 2) values["scaled"] = Tensor::from_floats({2, 2}, values["scaled"].floats());
      known.keep(i, std::move(values));
    }
    known.set_borrowed(true);
    const auto found = model_error(scaling(2), scaling(2.5f), source, {.known = &known}).outputs;
    EXPECT_EQ(found[0].metrics.sqnr_db(), plain[0].metrics.sqnr_db()) << kind;
    EXPECT_EQ(found[0].sample_count, 5u) << kind;
    EXPECT_EQ(found[0].shape_mismatch_count, 0u) << kind;
    EXPECT_EQ(known.find(3)->at("scaled").floats()[1], 0.2f) << kind;
  }
}

TEST(ModelError, AReferenceThatDoesNotLoadIsAnErrorThoughItsOutputsAreKnown) {
  const auto all = samples(3);
  const MemorySamples source(all);
  KnownOutputs known;
  know(known, scaling(2), all, 3);
  known.set_borrowed(true);
  const ModelSource bad("rubbish", "bad.onnx");
  EXPECT_THROW(model_error(bad, scaling(2), source, {.known = &known}), Error);
}

}  // namespace
}  // namespace rangefinder::analysis
