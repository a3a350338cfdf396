#include "analysis/compare.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
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

TEST(Compare, MeasuresEachOutput) {
  const MemorySamples source(samples(5));
  const auto errors = compare(scaling(2), scaling(2.5f), source);
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

TEST(Compare, AnyNumberOfJobsGivesTheSameBits) {
  const MemorySamples source(samples(101));
  const auto one = compare(scaling(2), scaling(2.1f), source, {.jobs = 1});
  for (const int jobs : {2, 3, 8}) {
    const auto many = compare(scaling(2), scaling(2.1f), source, {.jobs = jobs});
    EXPECT_EQ(many[0].metrics.sqnr_db(), one[0].metrics.sqnr_db());
    EXPECT_EQ(many[0].metrics.cosine(), one[0].metrics.cosine());
    EXPECT_EQ(many[0].metrics.mse(), one[0].metrics.mse());
    EXPECT_EQ(many[0].metrics.count(), one[0].metrics.count());
  }
}

TEST(Compare, NothingToCompareIsAnEmptyMeasure) {
  const auto errors = compare(scaling(1), scaling(2), MemorySamples({}));
  ASSERT_EQ(errors.size(), 2u);
  EXPECT_EQ(errors[0].metrics.count(), 0u);
}

TEST(Compare, ModelsThatDoNotMatchAreErrors) {
  const MemorySamples source(samples(2));
  const auto error_of = [&](const ModelSource& other) -> std::string {
    try {
      compare(scaling(1), other, source);
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  };
  EXPECT_THAT(error_of(scaling(1, "renamed")), HasSubstr("'scaled'"));
  EXPECT_THAT(error_of(ModelSource("rubbish", "bad.onnx")), HasSubstr("bad.onnx"));
  OnnxBuilder b;
  b.input("x", {-1, 4});
  b.node("Shape", {"x"}, {"shape"});
  b.node("Transpose", {"x"}, {"scaled"});
  b.output("scaled", {4, -1});
  b.output("shape", {2}, onnx::TensorProto::INT64);
  EXPECT_THAT(error_of(ModelSource(b.bytes(), "turned.onnx")),
              AllOf(HasSubstr("turned.onnx"), HasSubstr("sample0"), HasSubstr("[4, 1]"),
                    HasSubstr("[1, 4]")));
}

}  // namespace
}  // namespace rangefinder::analysis
