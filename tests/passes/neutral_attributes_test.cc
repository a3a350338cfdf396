#include "passes/neutral_attributes.h"

#include <gtest/gtest.h>

#include "graph/attributes.h"
#include "support/onnx_builder.h"

namespace rangefinder::passes {
namespace {

TEST(NeutralAttributes, OnlyDilationsOfOnesGo) {
  for (const int64_t dilation : {1, 2}) {
    test_support::OnnxBuilder b(19);
    auto pool = b.node("AveragePool", {"x"}, {"y"})
                    .ints("kernel_shape", {2, 2})
                    .ints("dilations", {1, dilation});
    drop_neutral_attributes(b.model());
    EXPECT_EQ(graph::find_attribute(pool.proto(), "dilations") == nullptr, dilation == 1);
    EXPECT_NE(graph::find_attribute(pool.proto(), "kernel_shape"), nullptr);
  }
}

TEST(NeutralAttributes, OtherOperatorsKeepTheirs) {
  test_support::OnnxBuilder b;
  auto conv = b.node("Conv", {"x", "w"}, {"y"}).ints("dilations", {1, 1});
  drop_neutral_attributes(b.model());
  EXPECT_NE(graph::find_attribute(conv.proto(), "dilations"), nullptr);
}

}  // namespace
}  // namespace rangefinder::passes
