#include "engine/instrument.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <thread>

#include "base/error.h"
#include "engine/blocked_layout.h"
#include "engine/operator_names.h"
#include "engine/per_worker.h"
#include "support/onnx_builder.h"

namespace rangefinder::engine {
namespace {

using tensor::ElementType;
using tensor::NamedTensors;
using tensor::Tensor;
using test_support::OnnxBuilder;
using testing::HasSubstr;

/// A small network as blocked layouts like it: two convolutions with a residual sum, channel
/// counts that are no multiple of any block, padding lanes that are not zero (HardSigmoid).
OnnxBuilder residual_model() {
  OnnxBuilder b;
  b.input("x", {-1, 3, -1, -1});
  b.weights("w1", {20, 3, 3, 3}, 0.3f);
  b.weights("b1", {20}, 0.2f);
  b.weights("w2", {20, 20, 1, 1}, 0.2f);
  b.weights("w3", {12, 20, 1, 1}, 0.2f);
  b.node("Conv", {"x", "w1", "b1"}, {"c1"}).ints("pads", {1, 1, 1, 1});
  b.node("Relu", {"c1"}, {"r1"});
  b.node("Conv", {"r1", "w2"}, {"c2"});
  b.node("Add", {"c2", "r1"}, {"sum"});
  b.node("Relu", {"sum"}, {"r2"});
  b.node("Conv", {"r2", "w3"}, {"c3"});
  b.node("HardSigmoid", {"c3"}, {"gate"});
  b.node("GlobalAveragePool", {"gate"}, {"average"});
  b.node("Flatten", {"average"}, {"y"});
  b.output("y", {-1, 12});
  return b;
}

/// What mobile networks are made of: HardSwish, and squeeze-and-excite with channels that are no
/// multiple of any block, 8 or 16, and 16 and more so that ONNX Runtime keeps them in blocks.
OnnxBuilder mobile_model(const char* gate = "HardSigmoid") {
  OnnxBuilder b;
  b.input("x", {-1, 3, -1, -1});
  b.weights("w1", {20, 3, 3, 3}, 0.5f);
  b.weights("w2", {20, 1, 3, 3}, 0.5f);
  b.weights("w3", {16, 20, 1, 1}, 0.3f);
  b.weights("w4", {20, 16, 1, 1}, 0.3f);
  b.weights("w5", {28, 20, 1, 1}, 0.3f);
  b.node("Conv", {"x", "w1"}, {"c1"}).ints("pads", {1, 1, 1, 1});
  b.node("HardSigmoid", {"c1"}, {"h1"}).real("alpha", 1.0f / 6).real("beta", 0.5f);
  b.node("Mul", {"c1", "h1"}, {"swish1"});
  b.node("Conv", {"swish1", "w2"}, {"c2"}).integer("group", 20).ints("pads", {1, 1, 1, 1});
  b.node("HardSigmoid", {"c2"}, {"h2"}).real("alpha", 1.0f / 6).real("beta", 0.5f);
  b.node("Mul", {"c2", "h2"}, {"swish2"});
  b.node("GlobalAveragePool", {"swish2"}, {"mean"});
  b.node("Conv", {"mean", "w3"}, {"squeezed"});
  b.node("Relu", {"squeezed"}, {"positive"});
  b.node("Conv", {"positive", "w4"}, {"excited"});
  b.node(gate, {"excited"}, {"gate"});
  b.node("Mul", {"swish2", "gate"}, {"product"});
  b.node("Conv", {"product", "w5"}, {"c5"});
  b.node("GlobalAveragePool", {"c5"}, {"y"});
  b.output("y", {-1, 28, 1, 1});
  return b;
}

Tensor image(int64_t batch, int64_t channels, int64_t height, int64_t width) {
  Tensor x(ElementType::kFloat32, {batch, channels, height, width});
  uint32_t state = 1;
  for (float& value : x.floats()) {
    state = state * 1664525u + 1013904223u;
    value = static_cast<float>(state >> 8) / static_cast<float>(1 << 23) - 1;
  }
  return x;
}

std::vector<TensorObservation> run(const InstrumentedModel& model, size_t tensors,
                                   const std::vector<NamedTensors>& samples) {
  WorkerSlots slots(1, tensors);
  Session session(model.model, session_options(model, slots));
  for (const NamedTensors& sample : samples) session.execute(sample);
  return slots.worker(0).slots();
}

/// Both ways to instrument must count the same; returns what they counted.
std::vector<ChannelStatistics> run_both(const OnnxBuilder& b,
                                        const std::vector<ObservedTensor>& tensors,
                                        const std::vector<NamedTensors>& samples) {
  const ModelSource model(b.bytes(), "");
  const auto plain = run(instrument_plainly(model, tensors), tensors.size(), samples);
  const auto rewired = run(instrument(model, tensors), tensors.size(), samples);
  EXPECT_EQ(plain, rewired);
  std::vector<ChannelStatistics> counted;
  for (const TensorObservation& observation : rewired) counted.push_back(observation.channels);
  return counted;
}

TEST(Instrument, CountsTheSameAsFetchingTheTensors) {
  OnnxBuilder b = residual_model();
  const std::vector<ObservedTensor> tensors = {{"x"}, {"r1"}, {"c2"}, {"r2"}, {"gate"}, {"y"}};
  const Tensor x = image(2, 3, 9, 7);
  const auto counted = run_both(b, tensors, {{{"x", x}}});
  for (const char* name : {"r1", "c2", "r2", "gate"}) b.output(name, {-1, -1, -1, -1});
  NamedTensors fetched = Session(ModelSource(b.bytes(), "")).run({{"x", x}});
  fetched["x"] = x;
  for (size_t i = 0; i < tensors.size(); ++i) {
    statistics::TensorStatistics expected;
    expected.add(fetched.at(tensors[i].name).floats());
    EXPECT_EQ(counted[i], ChannelStatistics{expected}) << tensors[i].name;
  }
}

TEST(Instrument, CountsChannelsApart) {
  OnnxBuilder b = residual_model();
  const Tensor x = image(1, 3, 5, 5);
  const auto counted = run_both(b, {{"r1", 1}, {"gate", 1}, {"gate", 3}, {"y", 1}}, {{{"x", x}}});
  b.output("gate", {-1, -1, -1, -1});
  const Tensor gate = Session(ModelSource(b.bytes(), "")).run({{"x", x}}).at("gate");
  EXPECT_EQ(counted[0].size(), 20u);
  EXPECT_EQ(counted[2].size(), 5u);
  ASSERT_EQ(counted[1].size(), 12u);
  for (size_t c = 0; c < 12; ++c) {
    statistics::TensorStatistics expected;
    expected.add(gate.floats().subspan(c * 25, 25));
    EXPECT_EQ(counted[1][c], expected) << c;
  }
}

TEST(Instrument, ConvolutionsAreCountedWithoutReordering) {
  if (channel_block() == 0) GTEST_SKIP() << "no blocked layout on this machine";
  const std::vector<ObservedTensor> tensors = {{"x"}, {"r1"}, {"c2"}, {"r2"}, {"gate"}};
  const auto model = instrument(ModelSource(residual_model().bytes(), ""), tensors);
  EXPECT_GE(model.in_place_count, 3u);
  EXPECT_EQ(model.level, OptimizationLevel::kNone);
  onnx::ModelProto proto;
  ASSERT_TRUE(proto.ParseFromString(model.model.bytes));
  std::multiset<std::string> types;
  for (const auto& node : proto.graph().node()) types.insert(node.op_type());
  EXPECT_LE(types.count("ReorderOutput"), 1u);  // The average must leave the blocks.
  EXPECT_EQ(types.count("Observe"), tensors.size());
}

TEST(Instrument, GatesOfMobileNetworksAreComputedToTheSameBits) {
  std::vector<ObservedTensor> tensors;
  for (const char* name : {"x", "c1", "swish1", "c2", "swish2", "mean", "positive", "excited",
                           "gate", "product", "c5", "y"}) {
    tensors.push_back({name});
  }
  tensors.push_back({"product", 1});
  tensors.push_back({.name = "swish2", .row_axis = 1});
  const std::vector<NamedTensors> samples = {{{"x", image(1, 3, 11, 7)}},
                                             {{"x", image(3, 3, 6, 9)}}};
  for (const char* gate : {"HardSigmoid", "Sigmoid"}) {
    const auto counted = run_both(mobile_model(gate), tensors, samples);
    EXPECT_EQ(counted[9][0].count(), 20u * (11 * 7 + 3 * 6 * 9));
  }
}

TEST(Instrument, GatesOfMobileNetworksOfABatchOfZero) {
  const Tensor none(ElementType::kFloat32, {0, 3, 8, 8});
  const auto counted =
      run_both(mobile_model(), {{"swish1"}, {"product"}, {"mean"}}, {{{"x", none}}});
  for (const ChannelStatistics& tensor : counted) EXPECT_EQ(tensor[0].count(), 0u);
}

TEST(Instrument, SeveralWorkersComputeGatesInOneSession) {
  const std::vector<ObservedTensor> tensors = {{"swish1"}, {"product"}, {"y"}};
  const auto model = instrument(ModelSource(mobile_model().bytes(), ""), tensors);
  constexpr size_t kWorkers = 3;
  WorkerSlots slots(kWorkers, tensors.size());
  Session session(model.model, session_options(model, slots));
  {
    std::vector<std::jthread> threads;
    for (size_t worker = 0; worker < kWorkers; ++worker) {
      threads.emplace_back([&, worker] {
        slots.enter(worker);
        const auto size = static_cast<int64_t>(worker) + 5;
        for (int run = 0; run < 40; ++run) session.execute({{"x", image(1, 3, size, size)}});
      });
    }
  }
  for (size_t worker = 0; worker < kWorkers; ++worker) {
    const auto size = static_cast<int64_t>(worker) + 5;
    const std::vector<NamedTensors> alone(40, {{"x", image(1, 3, size, size)}});
    EXPECT_EQ(slots.worker(worker).slots(), run(model, tensors.size(), alone)) << worker;
  }
}

TEST(Instrument, GatesOfMobileNetworksStayInBlocks) {
  if (channel_block() == 0) GTEST_SKIP() << "no blocked layout on this machine";
  const std::vector<ObservedTensor> tensors = {{"c1"}, {"swish1"}, {"c2"}, {"swish2"}, {"product"}};
  const auto model = instrument(ModelSource(mobile_model().bytes(), ""), tensors);
  EXPECT_EQ(model.in_place_count, tensors.size());
  onnx::ModelProto proto;
  ASSERT_TRUE(proto.ParseFromString(model.model.bytes));
  std::multiset<std::string> types;
  for (const auto& node : proto.graph().node()) types.insert(node.op_type());
  EXPECT_EQ(types.count(kScaleChannelsOperator), 1u);
#if defined(__x86_64__)
  EXPECT_EQ(types.count(kHardSwishOperator), 2u);
  EXPECT_EQ(types.count(kChannelMeansOperator), 2u);
  EXPECT_EQ(types.count("GlobalAveragePool"), 0u);
#endif
}

TEST(Instrument, RowsAreKeptAsTheModelKnowsTheTensor) {
  OnnxBuilder b = residual_model();
  const Tensor x = image(2, 3, 9, 7);
  const std::vector<ObservedTensor> tensors = {{"r1"}, {.name = "c2", .row_axis = 1}};
  const auto model = instrument(ModelSource(b.bytes(), ""), tensors);
  const auto gathered = run(model, tensors.size(), {{{"x", x}}});
  EXPECT_FALSE(gathered[0].row_top);
  b.output("c2", {-1, -1, -1, -1});
  const Tensor c2 = Session(ModelSource(b.bytes(), "")).run({{"x", x}}).at("c2");
  statistics::RowTop expected(statistics::RowTop::kMaxK);
  expected.add(c2.floats(), 20, 9 * 7);
  EXPECT_EQ(gathered[1].row_top, expected);
}

TEST(Instrument, WhatIsNotObservedIsStillFused) {
  const auto model = instrument(ModelSource(residual_model().bytes(), ""), {{{"r1"}, {"r2"}}});
  onnx::ModelProto proto;
  ASSERT_TRUE(proto.ParseFromString(model.model.bytes));
  for (const auto& node : proto.graph().node()) {
    EXPECT_NE(node.op_type(), "Relu") << "a convolution's activation was not fused";
  }
}

TEST(Instrument, LeavesStandFirstAndObserveNodesInReverse) {
  OnnxBuilder b = residual_model();
  b.node("Sigmoid", {"r2"}, {"leaf"});
  b.output("leaf", {-1, 20, -1, -1});
  const ModelSource source(b.bytes(), "");
  const std::vector<ObservedTensor> tensors = {{"gate"}, {"x"}, {"r2"}, {"r1"}};
  for (const auto& model : {instrument_plainly(source, tensors), instrument(source, tensors)}) {
    EXPECT_EQ(model.graph_order, (std::vector<size_t>{1, 3, 2, 0}));
    onnx::ModelProto proto;
    ASSERT_TRUE(proto.ParseFromString(model.model.bytes));
    std::vector<int64_t> order;
    int leaves = 0;
    for (int i = 0; i < proto.graph().node_size(); ++i) {
      const auto& node = proto.graph().node(i);
      if (node.op_type() == kObserveOperator) {
        for (const auto& attribute : node.attribute()) {
          if (attribute.name() == kTensorAttribute) order.push_back(attribute.i());
        }
        EXPECT_EQ(static_cast<size_t>(i), leaves + order.size() - 1) << "behind another node";
      } else if (node.output(0) == "leaf" || node.output(0) == "y") {
        ++leaves;
        EXPECT_TRUE(order.empty()) << "an Observe node before a leaf of the model";
      }
    }
    EXPECT_EQ(leaves, 2);
    EXPECT_EQ(order, (std::vector<int64_t>{0, 2, 3, 1}));
  }
}

/// A chain of convolutions, each observed.
struct ObservedChain {
  explicit ObservedChain(int count) {
    builder.input("t0", {-1, 4, -1, -1});
    builder.weights("w", {4, 4, 1, 1}, 0.8f);
    for (int i = 0; i < count; ++i) {
      const std::string next = "t" + std::to_string(i + 1);
      builder.node("Conv", {"t" + std::to_string(i), "w"}, {next});
      tensors.push_back({next});
    }
    builder.output("t" + std::to_string(count), {-1, 4, -1, -1});
  }

  OnnxBuilder builder;
  std::vector<ObservedTensor> tensors;
};

/// The most nodes that wait, everything they read being there, when of all such the first in the
/// file is always taken: through their list ONNX Runtime walks for each node.
size_t most_waiting(const onnx::GraphProto& graph) {
  std::multimap<std::string, int> readers;
  std::vector<int> missing(static_cast<size_t>(graph.node_size()), 0);
  std::set<std::string> made;
  for (const auto& node : graph.node()) made.insert(node.output().begin(), node.output().end());
  std::set<int> waiting;
  for (int i = 0; i < graph.node_size(); ++i) {
    for (const auto& input : graph.node(i).input()) {
      if (!made.contains(input)) continue;
      readers.emplace(input, i);
      ++missing[static_cast<size_t>(i)];
    }
    if (missing[static_cast<size_t>(i)] == 0) waiting.insert(i);
  }
  size_t most = waiting.size();
  while (!waiting.empty()) {
    const int next = *waiting.begin();
    waiting.erase(waiting.begin());
    for (const auto& output : graph.node(next).output()) {
      const auto [first, last] = readers.equal_range(output);
      for (auto reader = first; reader != last; ++reader) {
        if (--missing[static_cast<size_t>(reader->second)] == 0) waiting.insert(reader->second);
      }
    }
    most = std::max(most, waiting.size());
  }
  return most;
}

TEST(Instrument, NoListOfWaitingNodesGrowsWithTheGraph) {
  const ObservedChain chain(300);
  const ModelSource source(chain.builder.bytes(), "");
  for (const auto& model :
       {instrument_plainly(source, chain.tensors), instrument(source, chain.tensors)}) {
    onnx::ModelProto proto;
    ASSERT_TRUE(proto.ParseFromString(model.model.bytes));
    EXPECT_LE(most_waiting(proto.graph()), 3u);
  }
}

TEST(Instrument, ManyNodesCountTheSameInPieces) {
  const ObservedChain chain(600);
  const auto counted = run_both(chain.builder, chain.tensors, {{{"t0", image(1, 4, 5, 3)}}});
  EXPECT_EQ(counted.back()[0].count(), 60u);
}

TEST(Instrument, SamplesMayDifferInShape) {
  const auto counted = run_both(residual_model(), {{"r1"}, {"gate"}},
                                {{{"x", image(1, 3, 4, 4)}}, {{"x", image(3, 3, 11, 2)}}});
  EXPECT_EQ(counted[0][0].count(), 20u * (16 + 3 * 22));
  EXPECT_EQ(counted[1][0].count(), 12u * (16 + 3 * 22));
}

TEST(Instrument, InputsOutputsAndConstantsAreObservedAsOftenAsTheModelRuns) {
  OnnxBuilder b;
  b.input("x", {-1, 4});
  b.node("Constant", {}, {"c"}).tensor("value", OnnxBuilder::float_tensor("", {4}, {1, 2, 3, 4}));
  b.node("Mul", {"x", "c"}, {"y"});
  b.output("y", {-1, 4});
  b.output("x", {-1, 4});
  const NamedTensors sample = {{"x", Tensor::from_floats({1, 4}, std::vector<float>{1, 1, 2, 0})}};
  const auto counted = run_both(b, {{"x"}, {"c"}, {"y"}, {"x", 1}}, {sample, sample});
  EXPECT_EQ(counted[0][0].count(), 8u);
  EXPECT_EQ(counted[1][0].count(), 8u);
  EXPECT_EQ(counted[1][0].extrema.max, 4);
  EXPECT_EQ(counted[2][0].extrema.max, 6);
  EXPECT_EQ(counted[3].size(), 4u);
}

TEST(Instrument, IsOpenedPlainlyWhereInPlaceFails) {
  const std::string bytes = residual_model().bytes();
  const std::vector<ObservedTensor> tensors = {{.name = "r1"}};
  std::vector<size_t> in_place;
  const auto open = [&](const InstrumentedModel& m) { in_place.push_back(m.in_place_count); };
  EXPECT_EQ(open_instrumented({bytes, ""}, tensors, Layouts::kAny, open), "");
  EXPECT_THAT(in_place, testing::ElementsAre(1));
  const auto open_plain_only = [&](const InstrumentedModel& m) {
    open(m);
    if (m.in_place_count > 0) throw Error("not in place");
  };
  EXPECT_EQ(open_instrumented({bytes, ""}, tensors, Layouts::kAny, open_plain_only),
            "not in place");
  EXPECT_THAT(in_place, testing::ElementsAre(1, 1, 0));
  EXPECT_THROW(open_instrumented({"no model", ""}, tensors, Layouts::kAny, open), Error);
}

TEST(Instrument, BatchesOfZeroGiveNoValues) {
  const auto counted =
      run_both(residual_model(), {{"r1"}}, {{{"x", Tensor(ElementType::kFloat32, {0, 3, 4, 4})}}});
  ASSERT_EQ(counted[0].size(), 1u);
  EXPECT_EQ(counted[0][0].count(), 0u);
}

TEST(Instrument, ModelsWithBranchesAndLoops) {
  OnnxBuilder then_body;
  then_body.node("Relu", {"c"}, {"then_y"});
  then_body.output("then_y", {-1, 8, -1, -1});
  OnnxBuilder else_body;
  else_body.node("Neg", {"c"}, {"else_y"});
  else_body.output("else_y", {-1, 8, -1, -1});
  OnnxBuilder b;
  b.input("x", {-1, 3, -1, -1});
  b.input("flag", {}, onnx::TensorProto::BOOL);
  b.weights("w", {8, 3, 1, 1});
  b.node("Conv", {"x", "w"}, {"c"});
  b.node("If", {"flag"}, {"y"})
      .graph("then_branch", then_body.graph())
      .graph("else_branch", else_body.graph());
  b.output("y", {-1, 8, -1, -1});
  const NamedTensors sample = {{"x", image(1, 3, 4, 4)}, {"flag", Tensor(ElementType::kBool, {})}};
  const auto counted = run_both(b, {{"c"}, {"y"}}, {sample});
  EXPECT_EQ(counted[0][0].extrema.min, -counted[1][0].extrema.max);
  EXPECT_THROW(instrument_plainly(ModelSource(b.bytes(), ""), {{{"then_y"}}}), Error);
}

TEST(Instrument, HalfPrecisionModels) {
  OnnxBuilder b;
  b.input("x", {-1, 4}, onnx::TensorProto::FLOAT16);
  b.node("Relu", {"x"}, {"r"});
  b.node("Softmax", {"r"}, {"y"});
  b.output("y", {-1, 4}, onnx::TensorProto::FLOAT16);
  const NamedTensors sample = {
      {"x", Tensor::from_floats({1, 4}, std::vector<float>{-1, 0.1f, 3, 0})}};
  const auto counted = run_both(b, {{"x"}, {"r"}, {"y"}}, {sample});
  EXPECT_EQ(counted[0][0].extrema.min, -1);
  EXPECT_EQ(counted[1][0].histogram.zero_count(), 2u);
  EXPECT_EQ(counted[2][0].count(), 4u);
}

TEST(Instrument, TheUsersTensorsMayHaveTheNamesOfOurs) {
  OnnxBuilder b;
  b.input("rangefinder.observed.0", {2, 2});
  b.node("Relu", {"rangefinder.observed.0"}, {"rangefinder.observed.1"})
      .proto()
      .set_name("rangefinder.observed.1.0");
  b.node("Neg", {"rangefinder.observed.1"}, {"y"}).proto().set_name("rangefinder.observed.2");
  b.output("y", {2, 2});
  const Tensor x = Tensor::from_floats({2, 2}, std::vector<float>{-1, 2, -3, 4});
  const auto counted = run_both(b, {{"rangefinder.observed.0"}, {"rangefinder.observed.1"}, {"y"}},
                                {{{"rangefinder.observed.0", x}}});
  ASSERT_EQ(counted.size(), 3u);
  EXPECT_EQ(counted[0].at(0).extrema.min, -3);
  EXPECT_EQ(counted[1].at(0).extrema.min, 0);
  EXPECT_EQ(counted[2].at(0).extrema.min, -4);
}

TEST(Instrument, ModelsThatCallOperatorsOfOursAreRefused) {
  OnnxBuilder b;
  b.input("x", {2, 2});
  b.import(kOperatorDomain, 1);
  b.node(kObserveOperator, {"x"}, {"y"})
      .integer(kTensorAttribute, 99)
      .proto()
      .set_domain(kOperatorDomain);
  b.node("Neg", {"x"}, {"z"});
  b.output("z", {2, 2});
  try {
    instrument_plainly(ModelSource(b.bytes(), "own.onnx"), std::vector<ObservedTensor>{{"z"}});
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("node 'Observe_y'"));
    EXPECT_THAT(error.what(), HasSubstr("this program's own"));
  }
  b.graph().mutable_node()->DeleteSubrange(0, 1);
  const auto model =
      instrument_plainly(ModelSource(b.bytes(), ""), std::vector<ObservedTensor>{{"z"}});
  onnx::ModelProto proto;
  ASSERT_TRUE(proto.ParseFromString(model.model.bytes));
  EXPECT_EQ(proto.opset_import_size(), 2) << "each domain is imported once";
}

TEST(Instrument, UnknownTensorsAndDamagedModelsAreErrors) {
  const ModelSource model(residual_model().bytes(), "net.onnx");
  try {
    instrument(model, {{{"r1"}, {"nowhere"}}});
    ADD_FAILURE() << "no error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("net.onnx"));
    EXPECT_THAT(error.what(), HasSubstr("'nowhere'"));
  }
  EXPECT_THROW(instrument(ModelSource("rubbish", ""), {}), Error);
}

}  // namespace
}  // namespace rangefinder::engine
