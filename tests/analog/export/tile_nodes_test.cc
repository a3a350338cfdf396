#include "analog/export/tile_nodes.h"

#include <gmock/gmock.h>

#include <stdexcept>

#include "analog/export/export_model.h"
#include "analog/models.h"

namespace rangefinder::analog {
namespace {

using testing::ElementsAre;
using testing::FloatNear;
using testing::Pointwise;

std::vector<std::string> types(const onnx::GraphProto& graph) {
  std::vector<std::string> result;
  for (const auto& node : graph.node()) result.push_back(node.op_type());
  return result;
}

AnalogLayer layer(RpuConfig config, std::vector<float> ranges) {
  AnalogLayer result;
  result.name = "fc";
  result.outputs = 2;
  result.weights = {1, 2, 3, 4};
  config.pre_post.input_range.enable = !ranges.empty();
  result.config = config;
  result.input_range = std::move(ranges);
  return result;
}

TEST(WriteLinear, WritesOnlyTheConvertersThereAre) {
  RpuConfig config;
  onnx::GraphProto plain;
  NodeWriter plain_writer(plain, "");
  const AnalogLayer bare = layer(config, {});
  write_linear(plain_writer, ProgrammedLayer(bare, Compatibility::kNone, nullptr), "x");
  EXPECT_THAT(types(plain), ElementsAre("MatMul"));
  config.forward = {.inp_res = 254, .out_bound = 10, .out_res = 254};
  const AnalogLayer full = layer(config, {2.0f});
  onnx::GraphProto graph;
  NodeWriter writer(graph, "");
  write_linear(writer, ProgrammedLayer(full, Compatibility::kNone, nullptr), "x");
  EXPECT_THAT(types(graph), ElementsAre("Clip", "Div", "Round", "Mul", "MatMul", "Div", "Round",
                                        "Mul", "Max", "Min"));
}

TEST(WriteLinear, CutsTheInputForEveryTile) {
  RpuConfig config;
  config.mapping.max_input_size = 1;
  const AnalogLayer two = layer(config, {1.0f, 2.0f});
  onnx::GraphProto graph;
  NodeWriter writer(graph, "");
  write_linear(writer, ProgrammedLayer(two, Compatibility::kNone, nullptr), "x");
  EXPECT_THAT(types(graph),
              ElementsAre("Slice", "Clip", "MatMul", "Slice", "Clip", "MatMul", "Add"));
}

TEST(ProgrammedLayer, RefusesMissingAndDynamicRanges) {
  AnalogLayer missing = layer({}, {1.0f});
  missing.input_range.clear();
  EXPECT_THROW(ProgrammedLayer(missing, Compatibility::kNone, nullptr), std::invalid_argument);
  AnalogLayer dynamic = layer({}, {1.0f});
  dynamic.config.pre_post.input_range.dynamic = true;
  EXPECT_THROW(ProgrammedLayer(dynamic, Compatibility::kNone, nullptr), std::invalid_argument);
}

// Convolutions over 1 and 3 axes, with groups, cut inside of a channel's kernel: without converters
// the sum over tiles is the convolution.
TEST(WriteConvolution, TilesAddUpToTheConvolution) {
  struct Case {
    tensor::Shape input;
    tensor::Shape weight;
    std::vector<int64_t> strides;
    std::vector<int64_t> pads;
    int64_t group;
  };
  const Case cases[] = {
      {{2, 3, 9}, {4, 3, 4}, {2}, {1, 2}, 1},
      {{1, 4, 6, 5}, {6, 2, 3, 2}, {1, 2}, {1, 0, 1, 1}, 2},
      {{1, 3, 6, 5}, {3, 1, 3, 3}, {1, 1}, {1, 1, 1, 1}, 3},
      {{1, 2, 4, 5, 4}, {3, 2, 2, 3, 2}, {1, 1, 2}, {0, 1, 0, 1, 1, 0}, 1},
  };
  for (const Case& c : cases) {
    test_support::OnnxBuilder b;
    b.input("x", c.input);
    b.weights("w", c.weight);
    b.weights("bias", {c.weight[0]});
    b.node("Conv", {"x", "w", "bias"}, {"y"})
        .ints("strides", c.strides)
        .ints("pads", c.pads)
        .integer("group", c.group);
    b.output("y", std::vector<int64_t>(c.input.size(), -1));
    const tensor::NamedTensors inputs = {{"x", support::stream_batch("normal", 4, c.input)}};
    const auto expected = run_model(b.model(), inputs).at("y");
    for (const int64_t limit : {-1, 5, 1}) {
      const auto analog = convert_to_analog(b.model(), network(-1, limit));
      const auto found = run_model(export_model(analog), inputs).at("y");
      EXPECT_EQ(found.shape(), expected.shape());
      EXPECT_THAT(found.floats(), Pointwise(FloatNear(1e-5f), expected.floats())) << limit;
    }
  }
}

}  // namespace
}  // namespace rangefinder::analog
