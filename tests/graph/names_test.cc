#include "graph/names.h"

#include <gtest/gtest.h>

#include "support/onnx_builder.h"

namespace rangefinder::graph {
namespace {

using test_support::OnnxBuilder;

OnnxBuilder with_body() {
  OnnxBuilder body;
  body.initializer("constant", {1}, std::vector<float>{1});
  body.node("Neg", {"x"}, {"inside"});
  body.output("inside", {1});
  OnnxBuilder b;
  b.input("x", {1});
  b.node("If", {"c"}, {"y"}).graph("then_branch", body.graph());
  b.output("y", {1});
  b.graph().add_value_info()->set_name("described");
  return b;
}

TEST(Names, KnowAllOfAGraph) {
  Names names;
  names.add_all(with_body().graph());
  for (const char* name : {"x", "y", "If_y", "inside", "Neg_inside", "constant", "described"}) {
    EXPECT_TRUE(names.contains(name)) << name;
    EXPECT_EQ(names.take(name), std::string(name) + "_1");
  }
}

TEST(Names, NumbersAreTheFirstThatAreFree) {
  Names names;
  names.add("a");
  names.add("a_2");
  EXPECT_EQ(names.take("a"), "a_1");
  EXPECT_EQ(names.take("a"), "a_3");
  EXPECT_EQ(names.take("b"), "b");
  EXPECT_EQ(names.take("b"), "b_1");
  EXPECT_EQ(names.take("a_1"), "a_1_1");
  EXPECT_EQ(names.take(""), "");
}

TEST(UnusedPrefix, IsOneThatNoNameStartsWith) {
  OnnxBuilder b = with_body();
  EXPECT_EQ(unused_prefix(b.graph(), "own."), "own.");
  EXPECT_EQ(unused_prefix(b.graph(), "insid"), "insid1.");
  b.node("Neg", {"x"}, {"insid1.0"});
  b.node("Neg", {"x"}, {"insid2."});
  EXPECT_EQ(unused_prefix(b.graph(), "insid"), "insid3.");
}

}  // namespace
}  // namespace rangefinder::graph
