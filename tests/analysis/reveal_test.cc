#include "analysis/reveal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/session.h"
#include "support/onnx_builder.h"

namespace rangefinder::analysis {
namespace {

using test_support::OnnxBuilder;
using testing::ElementsAre;

/// x, doubled and negated.
onnx::ModelProto model() {
  OnnxBuilder b;
  b.input("x", {2});
  b.initializer("two", {}, std::vector<float>{2});
  b.node("Mul", {"x", "two"}, {"inner"});
  b.node("Neg", {"inner"}, {"y"});
  b.output("y", {2});
  return b.model();
}

TEST(Revealing, AddsTensorsBehindTheOutputs) {
  const std::vector<std::string> inner = {"y", "inner", "inner"};
  const auto shown = revealing(model(), inner);
  ASSERT_EQ(shown.graph().output_size(), 2);
  EXPECT_EQ(shown.graph().output(0).name(), "y");
  EXPECT_EQ(shown.graph().output(1).name(), "inner");
}

TEST(Revealing, ARevealedModelRuns) {
  const engine::ModelSource source(model().SerializeAsString(), "model.onnx");
  const std::vector<std::string> inner = {"inner"};
  const auto shown = revealing(source, inner);
  EXPECT_EQ(shown.file, "model.onnx");
  engine::Session session(shown);
  const std::vector<float> values = {1, -3};
  const auto found = session.run({{"x", tensor::Tensor::from_floats({2}, values)}});
  EXPECT_THAT(found.at("inner").floats(), ElementsAre(2, -6));
  EXPECT_THAT(found.at("y").floats(), ElementsAre(-2, 6));
}

TEST(Revealing, NothingToRevealChangesNothing) {
  const engine::ModelSource source("no model at all", "model.onnx");
  EXPECT_EQ(revealing(source, {}).bytes, source.bytes);
}

}  // namespace
}  // namespace rangefinder::analysis
