#include "passes/quantize_lstm.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "exporters/qdq.h"
#include "graph/constants.h"
#include "passes/pair_sums.h"
#include "support/onnx_builder.h"
#include "support/quantized_model.h"

namespace rangefinder::passes {
namespace {

using test_support::OnnxBuilder;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr int64_t kInputs = 40;
constexpr int64_t kHidden = 48;

/// Both directions, with a bias and states, as exporters write it.
OnnxBuilder recurrent(int64_t hidden = kHidden) {
  OnnxBuilder b(14);
  b.input("x", {7, 2, kInputs});
  b.input("h", {2, 2, hidden});
  b.input("c", {2, 2, hidden});
  b.weights("w", {2, 4 * hidden, kInputs}, 0.3f);
  b.weights("r", {2, 4 * hidden, hidden}, 0.3f);
  b.weights("b", {2, 8 * hidden}, 0.1f);
  auto& node = b.node("LSTM", {"x", "w", "r", "b", "", "h", "c"}, {"y", "y_h", "y_c"})
                   .integer("hidden_size", hidden)
                   .proto();
  auto* direction = node.add_attribute();
  direction->set_name("direction");
  direction->set_type(onnx::AttributeProto::STRING);
  direction->set_s("bidirectional");
  b.output("y", {7, 2, 2, hidden});
  b.output("y_h", {2, 2, hidden});
  b.output("y_c", {2, 2, hidden});
  return b;
}

QuantizedLstm quantized(OnnxBuilder b, const std::string& target = "ort-cpu",
                        const std::unordered_set<std::string>& excluded = {}) {
  graph::Graph graph(b.model());
  for (const auto& node : b.graph().node()) {
    if (node.op_type() == "LSTM") {
      return quantize_lstm(graph, node, targets::find_target(target), excluded);
    }
  }
  throw std::out_of_range("LSTM");
}

std::vector<std::string> found(OnnxBuilder b) {
  graph::Graph graph(b.model());
  return find_lstms(graph);
}

double decibels(const tensor::NamedTensors& expected, const tensor::NamedTensors& actual,
                const std::string& name) {
  double signal = 0;
  double error = 0;
  const auto a = expected.at(name).floats();
  const auto b = actual.at(name).floats();
  for (size_t i = 0; i < a.size(); ++i) {
    signal += std::pow(double{a[i]}, 2);
    error += std::pow(double{a[i]} - b[i], 2);
  }
  return 10 * std::log10(signal / error);
}

TEST(QuantizeLstm, EveryRowHasAScaleAndCodesAreTransposed) {
  OnnxBuilder b = recurrent();
  const QuantizedLstm lstm = quantized(b, "ort-cpu-vnni");
  EXPECT_EQ(lstm.node, "LSTM_y");
  ASSERT_THAT(lstm.obstacle, IsEmpty());
  EXPECT_GT(lstm.sqnr_db, 40);
  ASSERT_EQ(lstm.input.scale.size(), 2u * 4 * kHidden);
  EXPECT_THAT(lstm.input.codes.dims(), ElementsAre(2, kInputs, 4 * kHidden));
  EXPECT_THAT(lstm.recurrence.codes.dims(), ElementsAre(2, kHidden, 4 * kHidden));
  const graph::Graph graph(b.model());
  const auto weights = graph::read_constant(*graph.initializer("w"));
  const auto codes = graph::read_constant(lstm.input.codes);
  for (size_t d = 0; d < 2; ++d) {
    for (size_t row = 0; row < 4 * kHidden; ++row) {
      for (size_t k = 0; k < kInputs; ++k) {
        const float scale = lstm.input.scale[d * 4 * kHidden + row];
        const float weight = weights.floats()[(d * 4 * kHidden + row) * kInputs + k];
        const auto code = static_cast<int8_t>(codes.bytes()[(d * kInputs + k) * 4 * kHidden + row]);
        ASSERT_EQ(code, std::nearbyint(weight / scale)) << d << " " << row << " " << k;
      }
    }
  }
}

TEST(QuantizeLstm, NoPairCanSaturateWhereTheTargetAddsThemIn16Bits) {
  const QuantizedLstm lstm = quantized(recurrent(), "ort-cpu");
  const auto codes = graph::read_constant(lstm.input.codes);
  const auto code = [&](size_t k, size_t row) {
    return static_cast<int>(static_cast<int8_t>(codes.bytes()[k * 4 * kHidden + row]));
  };
  int largest = 0;
  for (size_t row = 0; row < 4 * kHidden; ++row) {
    for (size_t k = 0; k + 1 < kInputs; k += 2) {
      largest = std::max(largest, std::abs(code(k, row) + code(k + 1, row)));
    }
  }
  EXPECT_LE(largest, kLargestPairSum);
  EXPECT_GT(largest, kLargestPairSum / 2);
}

TEST(QuantizeLstm, TheModelGivesNearlyTheSame) {
  OnnxBuilder b = recurrent();
  const auto prepared = test_support::prepare(b.model());
  onnx::ModelProto model = prepared.model;
  graph::Graph graph(model);
  std::vector<QuantizedLstm> lstms;
  ASSERT_THAT(find_lstms(graph), ElementsAre("LSTM_y"));
  for (const auto& node : model.graph().node()) {
    if (node.op_type() != "LSTM") continue;
    lstms.push_back(quantize_lstm(graph, node, targets::find_target("ort-cpu")));
  }
  const auto written = exporters::write_qdq(prepared, {}, {}, {}, {}, lstms);
  size_t stacks = 0;
  for (const auto& constant : written.graph().initializer()) {
    stacks += constant.data_type() == onnx::TensorProto::FLOAT && constant.dims_size() == 3;
  }
  EXPECT_EQ(stacks, 0u) << "no floats are left";
  const auto sample = test_support::random_sample(b.model(), 1);
  const auto expected = test_support::run(b.model(), sample);
  const auto actual = test_support::run(written, sample, engine::OptimizationLevel::kAll);
  for (const char* output : {"y", "y_h", "y_c"}) {
    EXPECT_GT(decibels(expected, actual, output), 30) << output;
    EXPECT_LT(decibels(expected, actual, output), 80) << output << " is float still";
  }
}

TEST(QuantizeLstm, SaysWhatStandsInTheWay) {
  EXPECT_EQ(quantized(recurrent(), "ort-cpu", {"LSTM_y"}).obstacle, "is excluded");
  OnnxBuilder batch_first = recurrent();
  auto& layout = *batch_first.graph().mutable_node(0)->add_attribute();
  layout.set_name("layout");
  layout.set_type(onnx::AttributeProto::INT);
  layout.set_i(1);
  EXPECT_EQ(quantized(batch_first).obstacle, "is laid out batch first");
  OnnxBuilder computed = recurrent();
  computed.graph().mutable_node(0)->set_input(2, "h");
  EXPECT_EQ(quantized(computed).obstacle, "its weights are not constant");
  OnnxBuilder infinite = recurrent();
  infinite.graph().mutable_initializer(1)->set_float_data(5,
                                                          std::numeric_limits<float>::infinity());
  EXPECT_EQ(quantized(infinite).obstacle, "its weights hold NaN or infinity");
}

TEST(QuantizeLstm, WeightsThatDrownStayFloat) {
  constexpr int kMany = 128;
  OnnxBuilder b = recurrent(kMany);
  auto& values = *b.graph().mutable_initializer(1)->mutable_float_data();
  // In each row one weight is large, and the others are below half a code of it but together not.
  for (int i = 0; i < values.size(); ++i) {
    values.Set(i, i % kMany == 0 ? 1.0f : std::copysign(0.0035f, values.Get(i)));
  }
  const QuantizedLstm lstm = quantized(b);
  EXPECT_LT(lstm.sqnr_db, kLeastLstmSqnr);
  EXPECT_THAT(lstm.obstacle, HasSubstr("dB; 30 are needed"));
}

TEST(QuantizeLstm, ASmallOneIsNotWorthIt) {
  EXPECT_THAT(found(recurrent()), ElementsAre("LSTM_y"));
  EXPECT_THAT(found(recurrent(8)), IsEmpty());
}

}  // namespace
}  // namespace rangefinder::passes
