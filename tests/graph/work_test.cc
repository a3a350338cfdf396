// How much work grows with a model, counted instead of timed: this program has the sources of the
// graph layer compiled anew with a call at every branch (-fsanitize-coverage=trace-pc), and counts
// the calls. The count is the same on every run and machine. Four times the nodes may take about
// four times the work; what is quadratic takes sixteen times as much.

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "graph/functions.h"
#include "graph/graph.h"
#include "graph/model_file.h"
#include "graph/normalize.h"
#include "graph/opset_upgrade.h"
#include "support/onnx_builder.h"

namespace {

uint64_t g_steps = 0;

}  // namespace

extern "C" __attribute__((no_sanitize("address", "undefined"))) void __sanitizer_cov_trace_pc() {
  ++g_steps;
}

namespace rangefinder::graph {
namespace {

using test_support::OnnxBuilder;

constexpr int kFew = 500;
/// For four times as much: linear work and the logarithms of sorting stay below, squares do not.
constexpr double kMostGrowth = 6.0;

uint64_t steps(const std::function<void()>& work) {
  const uint64_t before = g_steps;
  work();
  return g_steps - before;
}

/// Runs work(model) on a model of kFew and of four times as many nodes.
void expect_linear(const std::function<OnnxBuilder(int)>& make,
                   const std::function<void(onnx::ModelProto&)>& work) {
  OnnxBuilder small = make(kFew);
  OnnxBuilder large = make(4 * kFew);
  const uint64_t few = steps([&] { work(small.model()); });
  const uint64_t many = steps([&] { work(large.model()); });
  EXPECT_GT(few, uint64_t{kFew}) << "nothing is counted";
  EXPECT_LT(static_cast<double>(many), kMostGrowth * static_cast<double>(few));
}

std::string numbered(const char* name, int i) { return name + std::to_string(i); }

/// One tensor that every node reads, one output that only the last makes.
OnnxBuilder fan_out(int nodes) {
  OnnxBuilder b;
  b.input("x", {2});
  b.node("Relu", {"x"}, {"shared"});
  for (int i = 0; i < nodes; ++i) b.node("Add", {"shared", "shared"}, {numbered("y", i)});
  b.output(numbered("y", nodes - 1), {2});
  return b;
}

/// Each node reads the one before.
OnnxBuilder chain(int nodes) {
  OnnxBuilder b;
  b.input("t0", {2});
  for (int i = 0; i < nodes; ++i) b.node("Neg", {numbered("t", i)}, {numbered("t", i + 1)});
  b.output(numbered("t", nodes), {2});
  return b;
}

/// As many Ifs, all reading one tensor from their bodies.
OnnxBuilder bodies(int nodes) {
  OnnxBuilder b;
  b.input("c", {}, onnx::TensorProto::BOOL);
  b.input("x", {2});
  for (int i = 0; i < nodes; ++i) {
    OnnxBuilder body;
    body.node("Identity", {"x"}, {numbered("inside", i)});
    body.output(numbered("inside", i), {2});
    b.node("If", {"c"}, {numbered("y", i)})
        .graph("then_branch", body.graph())
        .graph("else_branch", body.graph());
  }
  return b;
}

OnnxBuilder of_one_name(int nodes) {
  OnnxBuilder b = chain(nodes);
  for (auto& node : *b.graph().mutable_node()) node.set_name("node");
  return b;
}

TEST(Work, IsCountedAndOfSquaresSeenAsSuch) {
  const auto squared = [](onnx::ModelProto& model) {
    for (int i = 0; i < model.graph().node_size(); ++i) {
      for (const auto& node : model.graph().node()) outer_reads(node);
    }
  };
  OnnxBuilder small = chain(50);
  OnnxBuilder large = chain(200);
  const uint64_t few = steps([&] { squared(small.model()); });
  EXPECT_GT(steps([&] { squared(large.model()); }), 12 * few);
}

TEST(Work, OfIndexingAndFinishing) {
  for (const auto& make : {fan_out, chain, bodies, of_one_name}) {
    expect_linear(make, [](onnx::ModelProto& model) { Graph(model).finish(); });
  }
}

TEST(Work, OfNaming) {
  for (const auto& make : {fan_out, chain, of_one_name}) expect_linear(make, name_nodes);
}

TEST(Work, OfFreshNamesAllAskedForAlike) {
  expect_linear(chain, [](onnx::ModelProto& model) {
    Graph graph(model);
    for (int i = 0; i < model.graph().node_size(); ++i) graph.fresh_name("t0");
  });
}

TEST(Work, OfMovingEveryReaderOfOneTensorByItself) {
  expect_linear(fan_out, [](onnx::ModelProto& model) {
    Graph graph(model);
    for (int i = 1; i < model.graph().node_size(); ++i) {
      graph.set_input(*model.mutable_graph()->mutable_node(i), i % 2, "x");
    }
    EXPECT_EQ(graph.uses("shared").size() + graph.uses("x").size(),
              2 * static_cast<size_t>(model.graph().node_size()) - 1);
  });
}

TEST(Work, OfMovingAllReadersAtOnceAndBack) {
  expect_linear(fan_out, [](onnx::ModelProto& model) {
    Graph graph(model);
    graph.redirect_uses("shared", "x");
    graph.redirect_uses("x", "shared");
  });
  expect_linear(bodies, [](onnx::ModelProto& model) {
    Graph graph(model);
    graph.redirect_uses("x", "z");
  });
}

TEST(Work, OfTakingOutEveryReaderOfOneTensor) {
  expect_linear(fan_out, [](onnx::ModelProto& model) {
    Graph graph(model);
    for (int i = 1; i < model.graph().node_size(); ++i) {
      graph.remove_node(*model.mutable_graph()->mutable_node(i));
    }
    EXPECT_TRUE(graph.uses("shared").empty());
    graph.finish();
  });
}

TEST(Work, OfTakingOutWhatNobodyReads) {
  const auto work = [](onnx::ModelProto& model) {
    model.mutable_graph()->clear_output();
    Graph graph(model);
    graph.remove_unread();
    graph.finish();
    EXPECT_EQ(model.graph().node_size(), 0);
  };
  expect_linear(fan_out, work);
  expect_linear(chain, work);
  expect_linear(
      [](int nodes) {
        // Backwards: each sweep from the end finds but one node that nobody reads.
        OnnxBuilder b = chain(nodes);
        auto& list = *b.graph().mutable_node();
        for (int i = 0; i < list.size() / 2; ++i) list.SwapElements(i, list.size() - 1 - i);
        return b;
      },
      work);
}

TEST(Work, OfNormalizing) {
  for (const auto& make : {fan_out, chain, bodies}) {
    expect_linear(make, [](onnx::ModelProto& model) { normalize(model, 1 << 20); });
  }
  expect_linear(
      [](int nodes) {
        OnnxBuilder b = chain(1);
        for (int i = 0; i < nodes; ++i) b.initializer("same", {1}, std::vector<float>{1});
        return b;
      },
      [](onnx::ModelProto& model) { normalize(model, 1 << 20); });
}

TEST(Work, OfCheckingFunctions) {
  expect_linear(
      [](int nodes) {
        OnnxBuilder b = chain(1);
        for (int i = 0; i < nodes; ++i) {
          auto& function = *b.model().add_functions();
          function.set_name(numbered("f", i));
          auto& node = *function.add_node();
          node.set_op_type(i % 50 == 0 ? "Neg" : numbered("f", i - 1));
        }
        return b;
      },
      [](onnx::ModelProto& model) { check_functions(model); });
}

TEST(Work, OfUpgrading) {
  const auto rank = [](const std::string&) { return std::optional<int64_t>(2); };
  expect_linear(
      [](int nodes) {
        OnnxBuilder b(11);
        b.input("x", {2});
        for (int i = 0; i < nodes; ++i) {
          b.node("Dropout", {"x"}, {numbered("d", i), numbered("mask", i)});
          b.node("Softmax", {"x"}, {numbered("s", i)}).integer("axis", 0);
        }
        return b;
      },
      [&](onnx::ModelProto& model) { EXPECT_FALSE(upgrade_opset(model, rank).has_value()); });
}

}  // namespace
}  // namespace rangefinder::graph
