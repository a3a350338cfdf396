#include "engine/operator_domain.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "engine/per_worker.h"
#include "engine/session.h"
#include "support/onnx_builder.h"

namespace rangefinder::engine {
namespace {

TEST(OperatorDomain, OneSessionKnowsAllOurOperators) {
  test_support::OnnxBuilder b;
  b.import(kOperatorDomain);
  b.input("x", {1, 8, 2, 2});
  const auto add = [&](const char* op, std::vector<std::string> inputs, const char* output) {
    auto node = b.node(op, std::move(inputs), {output});
    node.proto().set_domain(kOperatorDomain);
    return node;
  };
  add(kHardSwishOperator, {"x"}, "swish").real(kAlphaAttribute, 0.2f).real(kBetaAttribute, 0.5f);
  add(kChannelMeansOperator, {"swish"}, "mean")
      .integer(kBlockAttribute, 8)
      .integer(kChannelsAttribute, 8);
  add(kScaleChannelsOperator, {"swish", "mean"}, "y")
      .integer(kBlockAttribute, 8)
      .integer(kChannelsAttribute, 8);
  b.output("y", {1, 8, 2, 2});
  WorkerSlots unused(1, 0);
  Session session(ModelSource(b.bytes(), ""), {.observe = &unused});
  tensor::Tensor x(tensor::ElementType::kFloat32, {1, 8, 2, 2});
  for (float& value : x.floats()) value = 4;
  const tensor::NamedTensors result = session.run({{"x", x}});
  for (const float y : result.at("y").floats()) EXPECT_EQ(y, 16);
  EXPECT_THROW(Session(ModelSource(b.bytes(), "")), Error) << "without the domain";
}

}  // namespace
}  // namespace rangefinder::engine
