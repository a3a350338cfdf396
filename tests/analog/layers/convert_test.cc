#include "analog/layers/convert.h"

#include <gmock/gmock.h>

#include "analog/models.h"
#include "base/error.h"

namespace rangefinder::analog {
namespace {

using test_support::OnnxBuilder;
using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string> names(const AnalogModel& model) {
  std::vector<std::string> result;
  for (const AnalogLayer& layer : model.layers) result.push_back(layer.name);
  return result;
}

std::string reason(const AnalogModel& model, const std::string& node) {
  for (const DigitalNode& digital : model.digital) {
    if (digital.name == node) return digital.reason;
  }
  return "";
}

TEST(ConvertToAnalog, FindsConvolutionsAndMatrices) {
  const AnalogModel model = convert_to_analog(mixed_model(), network(254, 10));
  EXPECT_THAT(names(model), ElementsAre("Conv_c1", "Conv_c2", "Gemm_g", "MatMul_m"));
  EXPECT_TRUE(model.digital.empty());
  EXPECT_EQ(model.layers[0].inputs(), 18);
  EXPECT_EQ(model.layers[0].module, "conv1");
  EXPECT_EQ(model.layers[1].inputs(), 4);
  EXPECT_EQ(model.layers[1].groups, 2);
  EXPECT_EQ(model.layers[2].outputs, 5);
  EXPECT_EQ(model.layers[2].slices().size(), 6u);
  EXPECT_EQ(model.layers[3].inputs(), 5);
  EXPECT_EQ(model.layers[3].module, "MatMul_m");
  EXPECT_EQ(model.find("Gemm_g"), &model.layers[2]);
  EXPECT_EQ(model.find("none"), nullptr);
}

TEST(ConvertToAnalog, WeightsHaveOneRowPerOutput) {
  OnnxBuilder b;
  b.input("x", {-1, 2});
  b.initializer("w", {2, 3}, std::vector<float>{1, 2, 3, 4, 5, 6});
  b.initializer("v", {3, 2}, std::vector<float>{1, 2, 3, 4, 5, 6});
  b.node("MatMul", {"x", "w"}, {"y"});
  b.node("Gemm", {"x", "v"}, {"z"}).integer("transB", 1).real("alpha", 2.0f);
  b.output("y", {-1, 3});
  b.output("z", {-1, 3});
  const AnalogModel model = convert_to_analog(b.model(), {});
  EXPECT_THAT(model.layers[0].weights, ElementsAre(1, 4, 2, 5, 3, 6));
  EXPECT_THAT(model.layers[1].weights, ElementsAre(2, 4, 6, 8, 10, 12));
}

TEST(ConvertToAnalog, NodesThatShareAWeightAreOneLayer) {
  OnnxBuilder b;
  b.input("x", {-1, 2});
  b.weights("w", {2, 2});
  b.node("MatMul", {"x", "w"}, {"y"});
  b.node("MatMul", {"y", "w"}, {"z"});
  b.node("Gemm", {"z", "w"}, {"t"}).integer("transB", 1);
  b.output("t", {-1, 2});
  const AnalogModel model = convert_to_analog(b.model(), {});
  EXPECT_THAT(names(model), ElementsAre("MatMul_y", "Gemm_t"));
  EXPECT_EQ(model.layers[0].sites.size(), 2u);
  EXPECT_EQ(model.layers[0].sites[1].tensor, "y");
}

TEST(ConvertToAnalog, TellsWhyNodesStayDigital) {
  OnnxBuilder b;
  b.input("x", {-1, 4});
  b.input("image", {1, 2, 8, 8});
  b.weights("w", {4, 4});
  b.weights("batch", {2, 4, 4});
  b.weights("kernel", {2, 2, 3, 3});
  b.initializer("bad", {4, 4}, std::vector<float>(16, NAN));
  b.node("MatMul", {"x", "x"}, {"a"});
  b.node("MatMul", {"w", "x"}, {"b"});
  b.node("MatMul", {"x", "batch"}, {"c"});
  b.node("Gemm", {"x", "w"}, {"d"}).integer("transA", 1);
  b.node("MatMul", {"x", "bad"}, {"e"});
  b.node("Conv", {"image", "image"}, {"f"});
  b.node("ConvTranspose", {"image", "kernel"}, {"g"});
  b.node("MatMul", {"x", "w"}, {"h"});
  NetworkConfig config;
  config.excluded = {"MatMul_h"};
  const AnalogModel model = convert_to_analog(b.model(), config);
  EXPECT_TRUE(model.layers.empty());
  EXPECT_THAT(reason(model, "MatMul_a"), HasSubstr("neither"));
  EXPECT_THAT(reason(model, "MatMul_b"), HasSubstr("left"));
  EXPECT_THAT(reason(model, "MatMul_c"), HasSubstr("[2, 4, 4]"));
  EXPECT_THAT(reason(model, "Gemm_d"), HasSubstr("transA"));
  EXPECT_THAT(reason(model, "MatMul_e"), HasSubstr("NaN"));
  EXPECT_THAT(reason(model, "Conv_f"), HasSubstr("not constant"));
  EXPECT_THAT(reason(model, "ConvTranspose_g"), HasSubstr("transposed"));
  EXPECT_THAT(reason(model, "MatMul_h"), HasSubstr("excluded"));
}

TEST(ConvertToAnalog, ListsWhatLiesInBodies) {
  OnnxBuilder body;
  body.node("MatMul", {"x", "w"}, {"inner"});
  body.output("inner", {-1, 2});
  OnnxBuilder b;
  b.input("x", {-1, 2});
  b.input("c", {}, onnx::TensorProto::BOOL);
  b.weights("w", {2, 2});
  b.node("If", {"c"}, {"y"}).graph("then_branch", body.graph()).graph("else_branch", body.graph());
  b.output("y", {-1, 2});
  const AnalogModel model = convert_to_analog(b.model(), {});
  EXPECT_EQ(model.digital.size(), 2u);
  EXPECT_THAT(model.digital[0].reason, HasSubstr("inside of If"));
}

TEST(ConvertToAnalog, KnowsNamelessNodesOfBodiesByWhatTheyMake) {
  OnnxBuilder body;
  body.node("MatMul", {"x", "w"}, {"inner"}).proto().clear_name();
  body.output("inner", {-1, 2});
  OnnxBuilder b;
  b.input("x", {-1, 2});
  b.input("c", {}, onnx::TensorProto::BOOL);
  b.weights("w", {2, 2});
  b.node("If", {"c"}, {"y"}).graph("then_branch", body.graph()).graph("else_branch", body.graph());
  b.output("y", {-1, 2});
  EXPECT_EQ(convert_to_analog(b.model(), {}).digital[0].name, "MatMul_inner");
}

TEST(ConvertToAnalog, ListsWhatLiesInFunctions) {
  OnnxBuilder b;
  b.import("my");
  b.input("x", {-1, 2});
  b.node("F", {"x"}, {"y"}).proto().set_domain("my");
  b.output("y", {-1, 2});
  auto& function = *b.model().add_functions();
  function.set_name("F");
  function.set_domain("my");
  auto& inner = *function.add_node();
  inner.set_op_type("Conv");
  inner.set_name("inside");
  EXPECT_THAT(reason(convert_to_analog(b.model(), {}), "inside"), HasSubstr("the function F"));
}

TEST(ConvertToAnalog, NamesWhatOnnxRuntimeHasFused) {
  OnnxBuilder b;
  b.import("com.microsoft");
  b.input("x", {1, 2, 8, 8});
  b.weights("kernel", {2, 2, 3, 3});
  b.node("FusedConv", {"x", "kernel"}, {"y"}).proto().set_domain("com.microsoft");
  b.output("y", {1, 2, 6, 6});
  EXPECT_THAT(reason(convert_to_analog(b.model(), {}), "FusedConv_y"), HasSubstr("has fused"));
}

// Ranges are told by name: two layers of one would be one.
TEST(ConvertToAnalog, ALayerIsNotCalledLikeAnother) {
  OnnxBuilder b;
  b.input("x", {3, 1, 2});
  b.weights("w", {1, 4, 2});
  b.weights("r", {1, 4, 1});
  b.weights("m", {2, 2});
  b.node("LSTM", {"x", "w", "r"}, {"s"}).integer("hidden_size", 1).proto().set_name("rnn");
  b.node("MatMul", {"x", "m"}, {"y"}).proto().set_name("rnn.weight_ih");
  b.output("y", {3, 1, 2});
  const AnalogModel model = convert_to_analog(b.model(), {});
  EXPECT_THAT(names(model), ElementsAre("rnn.weight_ih", "rnn.weight_hh"));
  EXPECT_THAT(reason(model, "rnn.weight_ih"), HasSubstr("another layer"));
}

TEST(WhyNothing, NamesTheFirstNodesAndTheirReasons) {
  OnnxBuilder b;
  b.input("x", {4, 4});
  for (const char* name : {"a", "b", "c", "d", "e"}) b.node("MatMul", {"x", "x"}, {name});
  b.output("e", {4, 4});
  const std::string reason = why_nothing(convert_to_analog(b.model(), {}));
  EXPECT_THAT(reason, HasSubstr("MatMul 'MatMul_a': neither operand is constant; MatMul"));
  EXPECT_THAT(reason, HasSubstr("; and 2 more"));
  EXPECT_THAT(why_nothing({}), HasSubstr("there is no Gemm"));
}

TEST(ConvertToAnalog, AppliesOverridesByNodeAndModule) {
  NetworkConfig config = network(254);
  config.overrides = {{"fc1", {{"forward.inp_res", "62"}}},
                      {"MatMul*", {{"forward.inp_res", "14"}}}};
  config.excluded = {"conv1"};
  const AnalogModel model = convert_to_analog(mixed_model(), config);
  EXPECT_THAT(names(model), ElementsAre("Conv_c2", "Gemm_g", "MatMul_m"));
  EXPECT_EQ(model.layers[0].config.forward.inp_res, 254);
  EXPECT_EQ(model.layers[1].config.forward.inp_res, 62);
  EXPECT_EQ(model.layers[2].config.forward.inp_res, 14);
}

TEST(ConvertToAnalog, ClipsWeightsOnceButNotInCompatibility) {
  NetworkConfig config;
  config.base.clip = {WeightClip::kLayerGaussian, 0.5};
  const auto largest = [&](Compatibility compatibility) {
    const auto model = convert_to_analog(mixed_model(), config, compatibility);
    return *std::max_element(model.layers[3].weights.begin(), model.layers[3].weights.end());
  };
  EXPECT_LT(largest(Compatibility::kNone), 0.5f);
  EXPECT_GT(largest(Compatibility::kAihwkit), 0.8f);
}

TEST(ConvertToAnalog, ReadsConstantNodesAndUpgradesOldModels) {
  OnnxBuilder b(9);
  b.input("x", {-1, 2});
  b.node("Constant", {}, {"w"})
      .tensor("value", OnnxBuilder::float_tensor("", {2, 2}, {1, 2, 3, 4}));
  b.node("Transpose", {"w"}, {"wt"});
  b.node("MatMul", {"x", "wt"}, {"y"});
  b.output("y", {-1, 2});
  const AnalogModel model = convert_to_analog(b.model(), {});
  EXPECT_GE(graph::opset_version(model.model), 11);
  EXPECT_THAT(model.layers.at(0).weights, ElementsAre(1, 2, 3, 4));
}

TEST(ConvertToAnalog, RefusesABadConfiguration) {
  EXPECT_THROW(convert_to_analog(mixed_model(), network(-3)), std::invalid_argument);
}

}  // namespace
}  // namespace rangefinder::analog
