#include "analog/export/node_writer.h"

#include <gmock/gmock.h>

namespace rangefinder::analog {
namespace {

using testing::ElementsAre;

TEST(NodeWriter, NamesWhatItWrites) {
  onnx::GraphProto graph;
  NodeWriter writer(graph, "p/");
  const std::string sum = writer.add("Add", {"x", writer.scalar(2.0f)});
  const auto parts = writer.add("Split", {sum}, 2);
  writer.name_last_output("first");
  ASSERT_EQ(graph.node_size(), 2);
  EXPECT_EQ(graph.node(0).output(0), sum);
  EXPECT_TRUE(sum.starts_with("p/"));
  EXPECT_THAT(graph.node(1).output(), ElementsAre("first", parts[1]));
  EXPECT_NE(parts[0], parts[1]);
}

TEST(NodeWriter, WritesConstants) {
  onnx::GraphProto graph;
  NodeWriter writer(graph, "p/");
  writer.floats({1, 2}, std::vector<float>{1, 2});
  writer.integers({3, 4});
  writer.scalar(1);
  ASSERT_EQ(graph.initializer_size(), 3);
  EXPECT_THAT(graph.initializer(0).dims(), ElementsAre(1, 2));
  EXPECT_EQ(graph.initializer(1).data_type(), onnx::TensorProto::INT64);
  EXPECT_EQ(graph.initializer(2).dims_size(), 0);
  EXPECT_NE(graph.initializer(0).name(), graph.initializer(1).name());
}

}  // namespace
}  // namespace rangefinder::analog
