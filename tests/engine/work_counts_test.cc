#include "engine/work_counts.h"

#include <gtest/gtest.h>

#include "engine/optimize.h"
#include "support/onnx_builder.h"

namespace rangefinder::engine {
namespace {

TEST(WorkCounts, TellWhatWasHandedOver) {
  test_support::OnnxBuilder b;
  b.input("x", {4});
  b.node("Relu", {"x"}, {"y"});
  b.output("y", {4});
  const ModelSource model(b.bytes(), "");
  const WorkCounts before = work_counts();
  Session session(model);
  EXPECT_EQ(work_counts().sessions, before.sessions + 1);
  EXPECT_EQ(work_counts().model_bytes, before.model_bytes + model.bytes.size());
  EXPECT_EQ(work_counts().saved_bytes, before.saved_bytes);
  EXPECT_EQ(work_counts().runs, before.runs);
  session.run({{"x", tensor::Tensor(tensor::ElementType::kFloat32, {4})}});
  EXPECT_EQ(work_counts().runs, before.runs + 1);
  optimize_model(model, OptimizationLevel::kBasic);
  EXPECT_EQ(work_counts().sessions, before.sessions + 2);
  EXPECT_GT(work_counts().saved_bytes, before.saved_bytes);
}

}  // namespace
}  // namespace rangefinder::engine
