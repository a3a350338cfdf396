#include "engine/probe.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/error.h"

namespace rangefinder::engine {
namespace {

TEST(Probe, RunsTheNodesItIsGiven) {
  Session session = open_probe([](graph::Graph& graph) {
    graph.add_node("Relu", "first", {"x"}, {"positive"});
    graph.add_node("Neg", "second", {"positive"}, {"y"});
  });
  const auto x = tensor::Tensor::from_floats({1, 3}, std::vector<float>{-1, 2, 3});
  const auto y = tensor::Tensor::from_floats({1, 3}, std::vector<float>{-0.0f, -2, -3});
  EXPECT_EQ(session.run({{"x", x}}).at("y"), y);
}

TEST(Probe, UnknownNodesAreErrors) {
  EXPECT_THROW(open_probe([](graph::Graph& graph) {
                 graph.add_node("NoSuchOperator", "node", {"x"}, {"y"});
               }),
               Error);
}

}  // namespace
}  // namespace rangefinder::engine
