#include "graph/graph.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "graph/constants.h"
#include "support/onnx_builder.h"

namespace rangefinder::graph {
namespace {

using test_support::OnnxBuilder;
using testing::ElementsAre;

std::vector<std::string> op_types(const onnx::ModelProto& model) {
  std::vector<std::string> types;
  for (const auto& node : model.graph().node()) types.push_back(node.op_type());
  return types;
}

/// x -> Relu -> r -> {Neg -> n, Exp -> e}; outputs n, e.
OnnxBuilder fork() {
  OnnxBuilder b;
  b.input("x", {2});
  b.node("Relu", {"x"}, {"r"});
  b.node("Neg", {"r"}, {"n"});
  b.node("Exp", {"r"}, {"e"});
  b.output("n", {2});
  b.output("e", {2});
  return b;
}

/// An If whose branches return `outer` through an Identity named after it.
void add_if(OnnxBuilder& b, const std::string& outer, const std::string& output) {
  OnnxBuilder body;
  body.node("Identity", {outer}, {"inside"});
  body.output("inside", {2});
  b.node("If", {"condition"}, {output})
      .graph("then_branch", body.graph())
      .graph("else_branch", body.graph());
}

TEST(Graph, KnowsMakersAndReaders) {
  OnnxBuilder b = fork();
  b.initializer("w", {1}, std::vector<float>{1});
  b.input("w", {1});
  Graph graph(b.model());
  EXPECT_EQ(graph.producer("r")->op_type(), "Relu");
  EXPECT_EQ(graph.producer("x"), nullptr);
  EXPECT_EQ(graph.producer("unknown"), nullptr);
  ASSERT_EQ(graph.uses("r").size(), 2u);
  EXPECT_EQ(graph.uses("r")[1].node->op_type(), "Exp");
  EXPECT_TRUE(graph.uses("unknown").empty());
  EXPECT_TRUE(graph.is_input("x"));
  EXPECT_FALSE(graph.is_input("w")) << "an initializer that may be overridden is a constant";
  EXPECT_NE(graph.initializer("w"), nullptr);
  EXPECT_TRUE(graph.is_output("n"));
  EXPECT_TRUE(graph.is_private("x"));
  EXPECT_FALSE(graph.is_private("r"));
  EXPECT_FALSE(graph.is_private("n"));
}

TEST(Graph, BodiesReadFromOutside) {
  OnnxBuilder b = fork();
  add_if(b, "x", "z");
  b.output("z", {2});
  Graph graph(b.model());
  EXPECT_TRUE(graph.is_used_by_body("x"));
  EXPECT_FALSE(graph.is_used_by_body("inside"));
  EXPECT_FALSE(graph.is_private("x"));
  EXPECT_THAT(outer_reads(b.graph().node(3)), ElementsAre("x", "x"));
  EXPECT_THAT(reads_of(b.graph().node(3)), ElementsAre("condition", "x", "x"));
}

TEST(ReadsOf, LeavesOutInputsThatAreNotThere) {
  OnnxBuilder b;
  b.node("Clip", {"x", "", "most"}, {"y"});
  EXPECT_THAT(reads_of(b.graph().node(0)), ElementsAre("x", "most"));
}

TEST(ValueInfo, LeavesOpenWhatIsNotKnown) {
  const auto known = value_info("a", tensor::ElementType::kFloat32, tensor::Shape{2, -1});
  EXPECT_EQ(known.name(), "a");
  const auto& type = known.type().tensor_type();
  EXPECT_EQ(type.elem_type(), onnx::TensorProto::FLOAT);
  ASSERT_EQ(type.shape().dim_size(), 2);
  EXPECT_EQ(type.shape().dim(0).dim_value(), 2);
  EXPECT_FALSE(type.shape().dim(1).has_dim_value());
  const auto scalar = value_info("s", tensor::ElementType::kFloat32, tensor::Shape{});
  EXPECT_TRUE(scalar.type().tensor_type().has_shape());
  const auto ranked_by_nobody = value_info("b", tensor::ElementType::kFloat32, std::nullopt);
  EXPECT_FALSE(ranked_by_nobody.type().tensor_type().has_shape());
}

TEST(Graph, NamesInBodiesAreTaken) {
  OnnxBuilder b = fork();
  add_if(b, "x", "z");
  Graph graph(b.model());
  EXPECT_EQ(graph.fresh_name("inside"), "inside_1");
  EXPECT_EQ(graph.fresh_name("inside"), "inside_2");
  EXPECT_EQ(graph.fresh_name("new"), "new");
  EXPECT_EQ(graph.fresh_name("Relu_r"), "Relu_r_1") << "a node's name";
}

TEST(Graph, RedirectReachesBodies) {
  OnnxBuilder b = fork();
  add_if(b, "r", "z");
  b.output("z", {2});
  Graph graph(b.model());
  graph.redirect_uses("r", "x");
  EXPECT_EQ(graph.uses("x").size(), 3u);
  EXPECT_TRUE(graph.is_used_by_body("x"));
  EXPECT_FALSE(graph.is_used_by_body("r"));
  graph.remove_unread();
  graph.finish();
  EXPECT_THAT(op_types(b.model()), ElementsAre("Neg", "Exp", "If"));
  EXPECT_EQ(b.graph().node(2).attribute(0).g().node(0).input(0), "x");
}

TEST(Graph, EditsAreSortedInTheEnd) {
  OnnxBuilder b = fork();
  b.initializer("unread", {1}, std::vector<float>{1});
  Graph graph(b.model());
  graph.rename_output(*graph.producer("r"), 0, "raw");
  graph.add_node("Abs", "between", {"raw"}, {"r"});
  EXPECT_EQ(graph.producer("r")->op_type(), "Abs");
  graph.finish();
  EXPECT_THAT(op_types(b.model()), ElementsAre("Relu", "Abs", "Neg", "Exp"));
  EXPECT_EQ(b.graph().initializer_size(), 0);
}

TEST(Graph, RemovalTakesMakersOfNothingAlong) {
  OnnxBuilder b = fork();
  b.node("Abs", {"x"}, {"a"});
  b.node("Sqrt", {"a"}, {"s"});
  Graph graph(b.model());
  graph.remove_unread();
  graph.finish();
  EXPECT_THAT(op_types(b.model()), ElementsAre("Relu", "Neg", "Exp"));
}

TEST(Graph, LeftOutOptionalInputsAndOutputsAreNoTensors) {
  OnnxBuilder b = fork();
  b.node("Clip", {"x", "", ""}, {"c"});
  b.node("Dropout", {"c"}, {"d", ""});
  Graph graph(b.model());
  EXPECT_TRUE(graph.uses("").empty());
  EXPECT_EQ(graph.producer(""), nullptr);
  graph.set_input(b.graph().mutable_node()->at(3), 0, "");
  EXPECT_TRUE(graph.uses("").empty());
  graph.remove_unread();
  graph.finish();
  EXPECT_THAT(op_types(b.model()), ElementsAre("Relu", "Neg", "Exp"));
}

TEST(Graph, InitializersAreAddedAndReplaced) {
  OnnxBuilder b = fork();
  Graph graph(b.model());
  EXPECT_EQ(graph.add_initializer(make_floats("k", {}, std::array{1.0f})), "k");
  graph.add_initializer(make_floats("k", {}, std::array{2.0f}));
  EXPECT_EQ(b.graph().initializer_size(), 1);
  EXPECT_EQ(read_constant(*graph.initializer("k")).floats()[0], 2.0f);
}

TEST(Graph, ACycleIsAnError) {
  OnnxBuilder b;
  b.node("Relu", {"b"}, {"a"});
  b.node("Relu", {"a"}, {"b"});
  b.output("a", {1});
  Graph graph(b.model());
  EXPECT_THROW(graph.finish(), Error);
}

TEST(Graph, TwoMakersAndTwoConstantsOfOneNameDoNoHarm) {
  OnnxBuilder b = fork();
  b.node("Abs", {"x"}, {"r"});
  b.initializer("w", {1}, std::vector<float>{1});
  b.initializer("w", {1}, std::vector<float>{2});
  b.node("Add", {"r", "w"}, {"sum"});
  b.output("sum", {1});
  Graph graph(b.model());
  EXPECT_EQ(read_constant(*graph.initializer("w")).floats()[0], 2.0f);
  graph.remove_unread();
  graph.finish();
  EXPECT_EQ(b.graph().node_size(), 5);
}

TEST(NameNodes, EveryNodeGetsANameOfItsOwn) {
  onnx::ModelProto model;
  for (const std::string name : {"", "", "same", "same", "Relu_y"}) {
    auto* node = model.mutable_graph()->add_node();
    node->set_op_type("Relu");
    node->set_name(name);
    if (name != "same") node->add_output("y");
  }
  model.mutable_graph()->add_node();  // no type, no output
  name_nodes(model);
  std::vector<std::string> names;
  for (const auto& node : model.graph().node()) names.push_back(node.name());
  EXPECT_THAT(names, ElementsAre("Relu_y_1", "Relu_y_2", "same", "same_1", "Relu_y", ""));
}

TEST(Graph, TheValueOfAnInputThatMayBeLeftOutStays) {
  OnnxBuilder b;
  b.input("x", {2});
  b.input("spare", {1});
  b.initializer("spare", {1}, std::vector<float>{3});
  b.initializer("unread", {1}, std::vector<float>{4});
  b.node("Relu", {"x"}, {"y"});
  b.output("y", {2});
  Graph(b.model()).finish();
  ASSERT_EQ(b.graph().initializer_size(), 1);
  EXPECT_EQ(b.graph().initializer(0).name(), "spare");
}

TEST(Graph, AReadThatComesBackIsKnownOnce) {
  OnnxBuilder b = fork();
  Graph graph(b.model());
  onnx::NodeProto& neg = *b.graph().mutable_node(1);
  graph.set_input(neg, 0, "x");
  graph.set_input(neg, 0, "r");
  ASSERT_EQ(graph.uses("r").size(), 2u);
  EXPECT_EQ(graph.uses("r")[0].node->op_type(), "Exp");
  EXPECT_EQ(graph.uses("r")[1].node, &neg);
  EXPECT_EQ(graph.uses("x").size(), 1u);
  graph.set_input(neg, 0, "r");
  EXPECT_EQ(graph.uses("r").size(), 2u);
  graph.remove_node(neg);
  ASSERT_EQ(graph.uses("r").size(), 1u);
  EXPECT_TRUE(graph.is_private("r"));
}

TEST(Graph, ReadsOfOneNodeOnSeveralInputsAreToldApart) {
  OnnxBuilder b;
  b.input("x", {2});
  b.node("Sum", {"x", "x", "x"}, {"y"});
  b.output("y", {2});
  Graph graph(b.model());
  onnx::NodeProto& sum = *b.graph().mutable_node(0);
  graph.set_input(sum, 1, "z");
  ASSERT_EQ(graph.uses("x").size(), 2u);
  EXPECT_EQ(graph.uses("x")[0].input, 0);
  EXPECT_EQ(graph.uses("x")[1].input, 2);
}

TEST(Graph, BodiesAreRedirectedWhereverTheyStand) {
  OnnxBuilder b;
  b.input("x", {2});
  b.input("condition", {}, onnx::TensorProto::BOOL);
  b.node("Relu", {"x"}, {"r"});
  add_if(b, "r", "a");
  add_if(b, "x", "b");
  add_if(b, "r", "c");
  Graph graph(b.model());
  graph.redirect_uses("r", "x");
  EXPECT_FALSE(graph.is_used_by_body("r"));
  EXPECT_TRUE(graph.is_used_by_body("x"));
  for (const int node : {1, 2, 3})
    EXPECT_THAT(outer_reads(b.graph().node(node)), ElementsAre("x", "x"));
  graph.redirect_uses("x", "y");
  for (const int node : {1, 2, 3})
    EXPECT_THAT(outer_reads(b.graph().node(node)), ElementsAre("y", "y"));
}

TEST(NameNodes, TheFirstOfEachNameKeepsIt) {
  OnnxBuilder b;
  for (const char* name : {"", "a", "a", "a_1", "Neg_n0", ""}) {
    b.node("Neg", {"x"}, {"n" + std::to_string(b.graph().node_size())}).proto().set_name(name);
  }
  name_nodes(b.model());
  std::vector<std::string> names;
  for (const auto& node : b.graph().node()) names.push_back(node.name());
  EXPECT_THAT(names, ElementsAre("Neg_n0_1", "a", "a_2", "a_1", "Neg_n0", "Neg_n5"));
}

}  // namespace
}  // namespace rangefinder::graph
