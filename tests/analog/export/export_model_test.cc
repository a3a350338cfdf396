#include "analog/export/export_model.h"

#include <gmock/gmock.h>

#include <set>
#include <stdexcept>

#include "analog/export/ranges_file.h"
#include "analog/layers/layer_forward.h"
#include "analog/models.h"

namespace rangefinder::analog {
namespace {

using testing::Each;
using testing::FloatNear;
using testing::Pointwise;

/// The input of each layer as the exported model computes it, and its output there.
void expect_layers_agree(const AnalogModel& model, float tolerance) {
  const StreamSource samples = pictures();
  const std::vector<std::string> inner = {"c1", "r1", "c2", "f", "g", "m"};
  auto values = run_model(export_model(model), samples.read(1), inner);
  values["x"] = samples.read(1).at("x");
  const std::vector<float> bias1 = read_bias(model, "conv1.bias");
  std::vector<float> bias2 = read_bias(model, "fc1.bias");
  for (float& value : bias2) value *= 0.5f;  // beta
  const auto layer = [&](size_t i) -> const AnalogLayer& { return model.layers.at(i); };
  const auto convolve = [&](size_t i, std::span<const float> bias, const char* input) {
    return forward_convolution(layer(i).matrix(), bias, *layer(i).sites[0].convolution,
                               values.at(input), layer(i).input_range);
  };
  const auto multiply = [&](size_t i, std::span<const float> bias, const char* input) {
    return forward_linear(layer(i).matrix(), bias, values.at(input), layer(i).input_range);
  };
  const auto agree = [&](const tensor::Tensor& expected, const char* output) {
    EXPECT_EQ(values.at(output).shape(), expected.shape());
    EXPECT_THAT(values.at(output).floats(), Pointwise(FloatNear(tolerance), expected.floats()))
        << output;
  };
  agree(convolve(0, bias1, "x"), "c1");
  agree(convolve(1, {}, "r1"), "c2");
  agree(multiply(2, bias2, "f"), "g");
  agree(multiply(3, {}, "g"), "m");
}

TEST(ExportModel, ComputesWhatTheForwardPassDoes) {
  for (const int64_t max_input_size : {-1, 7, 3}) {
    for (const double inp_res : {254.0, 14.0, 1.0 / 62}) {
      expect_layers_agree(calibrated_model(network(inp_res, max_input_size)), 2e-5f);
    }
  }
}

TEST(ExportModel, SaturatesAndQuantizesLikeTheForwardPass) {
  NetworkConfig config = network(62, 7);
  config.base.forward.out_bound = 3;
  expect_layers_agree(calibrated_model(config), 2e-5f);
  config.base.clip = {WeightClip::kLayerGaussianPerChannel, 2.0};
  config.base.modifier.quantization_type = WeightQuantization::kDiscretizePerChannel;
  config.base.modifier.res = 30;
  expect_layers_agree(calibrated_model(config), 2e-5f);
}

// A product within rounding of half a step may fall on either side: all but a few agree.
TEST(ExportModel, QuantizesOutputsLikeTheForwardPassUpToTies) {
  NetworkConfig config = network(62, 7);
  config.base.forward.out_bound = 10;
  config.base.forward.out_res = 254;
  expect_layers_agree(calibrated_model(config), 2e-5f);
}

TEST(ExportModel, UsesStandardOperatorsOnly) {
  NetworkConfig config = network(62, 7);
  config.base.forward.out_bound = 10;
  config.base.forward.out_res = 254;
  const onnx::ModelProto exported = export_model(calibrated_model(config));
  std::set<std::string> types;
  for (const auto& node : exported.graph().node()) {
    EXPECT_EQ(node.domain(), "");
    types.insert(node.op_type());
  }
  EXPECT_TRUE(types.contains("Round"));
  EXPECT_FALSE(types.contains("Gemm"));
  for (const auto& initializer : exported.graph().initializer()) {
    EXPECT_NE(initializer.name(), "conv1.weight");
  }
}

TEST(ExportModel, OfAnUncalibratedModelIsTheFloatModel) {
  const StreamSource samples = pictures();
  const auto exported = export_model(convert_to_analog(mixed_model(), network(-1, 5)));
  const auto expected = run_model(mixed_model(), samples.read(0));
  EXPECT_THAT(run_model(exported, samples.read(0)).at("y").floats(),
              Pointwise(FloatNear(1e-4f), expected.at("y").floats()));
}

TEST(ExportModel, RefusesConvertersWithoutRanges) {
  EXPECT_THROW(export_model(convert_to_analog(mixed_model(), network(254))), std::invalid_argument);
  NetworkConfig dynamic = network(-1);
  dynamic.base.pre_post.input_range.dynamic = true;
  dynamic.base.pre_post.input_range.enable = true;
  EXPECT_THROW(export_model(convert_to_analog(mixed_model(), dynamic)), std::invalid_argument);
}

TEST(ExportModel, CarriesItsRangesAndItsConfiguration) {
  const AnalogModel model = calibrated_model(network(254, 7));
  const onnx::ModelProto exported = export_model(model);
  ASSERT_EQ(exported.metadata_props_size(), 2);
  EXPECT_EQ(exported.metadata_props(0).value(), ranges_json(model));
  EXPECT_EQ(parse_network_config(exported.metadata_props(1).value()), model.config);
}

TEST(ExportModel, TheSameModelGivesTheSameBytes) {
  const AnalogModel model = calibrated_model(network(254, 7));
  EXPECT_EQ(graph::serialize(export_model(model)), graph::serialize(export_model(model)));
}

TEST(ExportModel, NoiseFollowsItsSeed) {
  NetworkConfig config = network(254);
  config.base.modifier.noise_type = WeightNoise::kAddNormal;
  config.base.modifier.std_dev = 0.05;
  config.base.forward.out_noise = 0.02;
  const AnalogModel model = calibrated_model(config);
  const StreamSource samples = pictures();
  const auto output = [&](const ExportOptions& options) {
    return run_model(export_model(model, options), samples.read(0)).at("y");
  };
  EXPECT_EQ(output({.noise_seed = 1}), output({.noise_seed = 1}));
  EXPECT_NE(output({.noise_seed = 1}), output({.noise_seed = 2}));
  EXPECT_NE(output({.noise_seed = 1}), output({}));
}

}  // namespace
}  // namespace rangefinder::analog
