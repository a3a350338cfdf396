#include "analog/export/scan_nodes.h"

#include <gmock/gmock.h>

#include "analog/export/export_model.h"
#include "analog/recurrent_models.h"

namespace rangefinder::analog {
namespace {

using testing::FloatNear;
using testing::Pointwise;

// Without any converter the Scan must be the recurrent operator itself.
TEST(WriteRecurrent, IsTheOperatorWhenNothingIsQuantized) {
  for (const char* type : {"LSTM", "GRU", "RNN"}) {
    for (const char* direction : {"forward", "reverse", "bidirectional"}) {
      for (const bool extras : {false, true}) {
        const auto model = recurrent_model(type, direction, extras, extras).model();
        const AnalogModel analog = convert_to_analog(model, network(-1, 3));
        ASSERT_FALSE(analog.layers.empty()) << type << " " << direction;
        const onnx::ModelProto exported = export_model(analog);
        for (const auto& node : exported.graph().node()) EXPECT_NE(node.op_type(), type);
        const auto expected = run_model(model, sequence(9));
        const auto found = run_model(exported, sequence(9));
        ASSERT_EQ(found.size(), expected.size());
        for (const auto& [name, value] : expected) {
          EXPECT_EQ(found.at(name).shape(), value.shape());
          EXPECT_THAT(found.at(name).floats(), Pointwise(FloatNear(1e-5f), value.floats()))
              << type << " " << direction << " " << name;
        }
      }
    }
  }
}

/// The states of a plain RNN on its tiles, computed step by step.
std::vector<float> rnn_by_hand(const AnalogModel& model, const tensor::Tensor& input) {
  const AnalogMatrix from_input = model.layers[0].matrix();
  const AnalogMatrix from_state = model.layers[1].matrix();
  std::vector<float> state(8, 0.0f);
  std::vector<float> all;
  for (size_t t = 0; t < 5; ++t) {
    const auto a =
        from_input.forward(input.floats().subspan(t * 6, 6), model.layers[0].input_range);
    const auto b = from_state.forward(state, model.layers[1].input_range);
    for (size_t i = 0; i < state.size(); ++i) state[i] = std::tanh(a[i] + b[i]);
    all.insert(all.end(), state.begin(), state.end());
  }
  return all;
}

TEST(WriteRecurrent, HasTheConvertersInsideOfTheScan) {
  const auto model = recurrent_model("RNN", "forward", false, false).model();
  AnalogModel analog = convert_to_analog(model, network(14, 2));
  calibrate_input_ranges(analog, InputRangeType::kMax, sequences(4));
  const auto found = run_model(export_model(analog), sequence(2));
  EXPECT_THAT(found.at("y").floats(),
              Pointwise(FloatNear(1e-5f), rnn_by_hand(analog, sequence(2).at("x"))));
  const auto plain = run_model(model, sequence(2));
  EXPECT_THAT(found.at("y").floats(),
              testing::Not(Pointwise(FloatNear(1e-3f), plain.at("y").floats())));
}

// The largest state that goes back is the largest of all but the last step.
TEST(WriteRecurrent, IsCalibratedOnTheStatesThatGoBack) {
  for (const char* direction : {"forward", "reverse"}) {
    auto b = recurrent_model("LSTM", direction, true, false);
    const auto all = run_model(b.model(), sequence(0)).at("y");
    b.graph().mutable_node(0)->set_output(0, "");  // Nobody needs the sequence.
    b.graph().mutable_output()->DeleteSubrange(0, 1);
    AnalogModel analog = convert_to_analog(b.model(), network(254));
    calibrate_input_ranges(analog, InputRangeType::kMax, sequences(1));
    const auto states = direction == std::string("forward") ? all.floats().subspan(0, 32)
                                                            : all.floats().subspan(8, 32);
    float largest = 0.0f;
    for (const float state : states) largest = std::max(largest, std::fabs(state));
    EXPECT_FLOAT_EQ(analog.layers.at(1).input_range.at(0), largest) << direction;
  }
}

}  // namespace
}  // namespace rangefinder::analog
