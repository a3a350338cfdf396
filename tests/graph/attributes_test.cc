#include "graph/attributes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rangefinder::graph {
namespace {

TEST(Attributes, AreReadOrDefaulted) {
  onnx::NodeProto node;
  EXPECT_EQ(find_attribute(node, "axis"), nullptr);
  EXPECT_EQ(int_attribute(node, "axis", -1), -1);
  EXPECT_EQ(float_attribute(node, "alpha", 0.5f), 0.5f);
  EXPECT_EQ(string_attribute(node, "mode", "nearest"), "nearest");
  EXPECT_TRUE(ints_attribute(node, "pads").empty());
  set_attribute(node, "axis", int64_t{3});
  set_attribute(node, "alpha", 2.0f);
  set_attribute(node, "mode", std::string_view("linear"));
  set_attribute(node, "pads", std::vector<int64_t>{1, 2});
  EXPECT_EQ(int_attribute(node, "axis", -1), 3);
  EXPECT_EQ(float_attribute(node, "alpha", 0.5f), 2.0f);
  EXPECT_EQ(string_attribute(node, "mode", "nearest"), "linear");
  EXPECT_THAT(ints_attribute(node, "pads"), testing::ElementsAre(1, 2));
}

TEST(Attributes, AllIntegersAreOneOrNoneIsSet) {
  onnx::NodeProto node;
  EXPECT_TRUE(ints_are(node, "strides", 1));
  set_attribute(node, "strides", std::vector<int64_t>{1, 1});
  EXPECT_TRUE(ints_are(node, "strides", 1));
  EXPECT_FALSE(ints_are(node, "strides", 0));
  set_attribute(node, "strides", std::vector<int64_t>{1, 2});
  EXPECT_FALSE(ints_are(node, "strides", 1));
}

TEST(Attributes, SettingReplaces) {
  onnx::NodeProto node;
  set_attribute(node, "axis", int64_t{3});
  set_attribute(node, "axis", std::vector<int64_t>{4});
  ASSERT_EQ(node.attribute_size(), 1);
  EXPECT_EQ(node.attribute(0).type(), onnx::AttributeProto::INTS);
  EXPECT_THAT(ints_attribute(node, "axis"), testing::ElementsAre(4));
  remove_attribute(node, "axis");
  remove_attribute(node, "axis");
  EXPECT_EQ(node.attribute_size(), 0);
}

TEST(Attributes, OperatorsWithWeights) {
  for (const char* type : {"Conv", "ConvTranspose", "Gemm", "MatMul"}) {
    EXPECT_TRUE(has_weight_operator(type)) << type;
  }
  for (const char* type : {"Add", "LSTM", "conv", ""}) EXPECT_FALSE(has_weight_operator(type));
}

TEST(Attributes, SubgraphsAreVisitedOneByOneAndInLists) {
  onnx::NodeProto node;
  auto* single = node.add_attribute();
  single->set_name("then_branch");
  single->mutable_g()->set_name("then");
  auto* list = node.add_attribute();
  list->set_name("many");
  list->add_graphs()->set_name("first");
  list->add_graphs()->set_name("second");
  std::vector<std::string> names;
  for_each_subgraph(node, [](onnx::GraphProto& body) { body.set_name(body.name() + "!"); });
  for_each_subgraph(std::as_const(node),
                    [&](const onnx::GraphProto& body) { names.push_back(body.name()); });
  EXPECT_THAT(names, testing::ElementsAre("then!", "first!", "second!"));
}

}  // namespace
}  // namespace rangefinder::graph
