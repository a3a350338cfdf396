#include "graph/normalize.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "base/error.h"
#include "graph/constants.h"
#include "graph/model_file.h"
#include "support/onnx_builder.h"

namespace rangefinder::graph {
namespace {

using test_support::OnnxBuilder;
using testing::ElementsAre;
using testing::HasSubstr;

onnx::SparseTensorProto sparse_weight(const std::string& name) {
  onnx::SparseTensorProto sparse;
  sparse.add_dims(4);
  *sparse.mutable_values() = OnnxBuilder::float_tensor(name, {1}, {7});
  *sparse.mutable_indices() = make_int64s("indices", std::vector<int64_t>{2});
  return sparse;
}

bool normalize_all(OnnxBuilder& b) { return normalize(b.model(), 1 << 20); }

/// Calls test(graph) with a graph that is the main one, one that is the body of an If, one in the
/// body of an If in the body of an If, and one in a function; filled by `fill`.
void everywhere(const std::function<void(OnnxBuilder&)>& fill,
                const std::function<void(const onnx::GraphProto&)>& test) {
  OnnxBuilder content;
  fill(content);
  OnnxBuilder b;
  fill(b);
  OnnxBuilder body;
  body.node("If", {"c"}, {"i"}).graph("then_branch", content.graph());
  b.node("If", {"c"}, {"o"})
      .graph("then_branch", content.graph())
      .graph("else_branch", body.graph());
  auto& function = *b.model().add_functions();
  *function.add_node() = body.graph().node(0);
  normalize_all(b);
  test(b.graph());
  const auto& branches = b.graph().node(b.graph().node_size() - 1);
  test(branches.attribute(0).g());
  test(branches.attribute(1).g().node(0).attribute(0).g());
  test(b.model().functions(0).node(0).attribute(0).g());
}

TEST(Normalize, TellsWhetherItChangedAnything) {
  OnnxBuilder b;
  b.node("Relu", {"x"}, {"y"});
  EXPECT_FALSE(normalize_all(b));
  b.graph().mutable_node(0)->add_input("");
  EXPECT_TRUE(normalize_all(b));
  EXPECT_FALSE(normalize_all(b)) << "once is enough";
}

TEST(Normalize, MakesSparseInitializersDense) {
  everywhere([](OnnxBuilder& b) { *b.graph().add_sparse_initializer() = sparse_weight("w"); },
             [](const onnx::GraphProto& graph) {
               EXPECT_EQ(graph.sparse_initializer_size(), 0);
               ASSERT_EQ(graph.initializer_size(), 1);
               EXPECT_EQ(graph.initializer(0).name(), "w");
               EXPECT_EQ(read_constant(graph.initializer(0)).floats()[2], 7);
             });
}

TEST(Normalize, MakesSparseValuesOfConstantsDense) {
  const auto fill = [](OnnxBuilder& b) {
    auto& attribute = *b.node("Constant", {}, {"k"}).proto().add_attribute();
    attribute.set_name("sparse_value");
    attribute.set_type(onnx::AttributeProto::SPARSE_TENSOR);
    *attribute.mutable_sparse_tensor() = sparse_weight("");
  };
  everywhere(fill, [](const onnx::GraphProto& graph) {
    const auto& value = graph.node(0).attribute(0);
    EXPECT_EQ(value.name(), "value");
    EXPECT_EQ(value.type(), onnx::AttributeProto::TENSOR);
    EXPECT_FALSE(value.has_sparse_tensor());
    EXPECT_EQ(read_constant(value.t()).floats()[2], 7);
  });
}

TEST(Normalize, LimitsWhatSparseTensorsTakeTogether) {
  OnnxBuilder b;
  *b.graph().add_sparse_initializer() = sparse_weight("w");
  *b.graph().add_sparse_initializer() = sparse_weight("v");
  onnx::ModelProto copy = b.model();
  EXPECT_THROW(normalize(copy, 31), Error);
  EXPECT_NO_THROW(normalize(b.model(), 32));
}

TEST(Normalize, CutsEmptyNamesAtTheEnd) {
  const auto fill = [](OnnxBuilder& b) {
    b.node("LayerNormalization", {"x", "s", ""}, {"y", "", ""});
    b.node("Clip", {"x", "", "high"}, {"", "y2"});
    b.node("Clip", {"x", "", ""}, {"y3"});
    b.node("Loop", {"n", "", ""}, {"y4"});
    b.node("Dropout", {"x"}, {"", ""});
  };
  everywhere(fill, [](const onnx::GraphProto& graph) {
    EXPECT_THAT(graph.node(0).input(), ElementsAre("x", "s"));
    EXPECT_THAT(graph.node(0).output(), ElementsAre("y"));
    EXPECT_THAT(graph.node(1).input(), ElementsAre("x", "", "high"));
    EXPECT_THAT(graph.node(1).output(), ElementsAre("", "y2"));
    EXPECT_THAT(graph.node(2).input(), ElementsAre("x"));
    EXPECT_THAT(graph.node(3).input(), ElementsAre("n", "")) << "Loop must be given both";
    EXPECT_THAT(graph.node(4).output(), ElementsAre(""));
  });
}

TEST(Normalize, CallsTheDefaultOperatorSetByItsShortName) {
  const auto fill = [](OnnxBuilder& b) {
    b.node("Neg", {"x"}, {"y"}).proto().set_domain("ai.onnx");
    b.node("Neg", {"x"}, {"z"}).proto().set_domain("ai.onnx.ml");
  };
  everywhere(fill, [](const onnx::GraphProto& graph) {
    EXPECT_EQ(graph.node(0).domain(), "");
    EXPECT_EQ(graph.node(1).domain(), "ai.onnx.ml");
  });
  OnnxBuilder b(14);
  b.import("ai.onnx", 14);
  b.import("ai.onnx.ml", 2);
  b.model().add_functions()->add_opset_import()->set_domain("ai.onnx");
  normalize_all(b);
  ASSERT_EQ(b.model().opset_import_size(), 2);
  EXPECT_EQ(b.model().opset_import(0).domain(), "");
  EXPECT_EQ(opset_version(b.model()), 14);
  EXPECT_EQ(b.model().functions(0).opset_import(0).domain(), "");
}

TEST(Normalize, OfInitializersOfOneNameTheLastStays) {
  const auto fill = [](OnnxBuilder& b) {
    b.initializer("w", {1}, std::vector<float>{1});
    b.initializer("v", {1}, std::vector<float>{2});
    b.initializer("w", {1}, std::vector<float>{3});
    *b.graph().add_sparse_initializer() = sparse_weight("v");
  };
  everywhere(fill, [](const onnx::GraphProto& graph) {
    ASSERT_EQ(graph.initializer_size(), 2);
    EXPECT_EQ(graph.initializer(0).name(), "w");
    EXPECT_EQ(read_constant(graph.initializer(0)).floats()[0], 3);
    EXPECT_EQ(graph.initializer(1).name(), "v");
    EXPECT_EQ(graph.initializer(1).dims(0), 4);
  });
}

TEST(Normalize, LeavesOtherModelsAsTheyAre) {
  OnnxBuilder b;
  b.input("x", {2});
  b.initializer("w", {2}, std::vector<float>{1, 2});
  b.node("Add", {"x", "w"}, {"y"});
  b.output("y", {2});
  const std::string before = serialize(b.model());
  normalize_all(b);
  EXPECT_EQ(serialize(b.model()), before);
}

}  // namespace
}  // namespace rangefinder::graph
