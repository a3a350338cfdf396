// What is written for each target whose runtime is not here, run as it stands.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <functional>
#include <set>

#include "base/error.h"
#include "graph/constants.h"
#include "support/onnx_builder.h"
#include "support/quantization_checks.h"
#include "support/quantized_model.h"

namespace rangefinder::exporters {
namespace {

using targets::Placement;
using targets::Target;
using test_support::OnnxBuilder;
using test_support::QuantizedModel;
using testing::ElementsAre;

void conv(OnnxBuilder& b, const std::string& x, const std::string& y, int64_t in, int64_t out) {
  b.weights(y + "_w", {out, in, 3, 3}, 0.3f);
  b.weights(y + "_b", {out}, 0.2f);
  b.node("Conv", {x, y + "_w", y + "_b"}, {y}).ints("pads", {1, 1, 1, 1});
}

/// Residual addition, concatenation, pools, a gate with a constant, a classifier.
OnnxBuilder network(int64_t opset = 13) {
  OnnxBuilder b(opset);
  b.input("x", {-1, 3, 8, 8});
  conv(b, "x", "c1", 3, 8);
  b.node("Relu", {"c1"}, {"r1"});
  conv(b, "r1", "c2", 8, 8);
  b.node("Add", {"c2", "r1"}, {"s"});
  b.node("Relu", {"s"}, {"r2"});
  b.node("MaxPool", {"r2"}, {"p"}).ints("kernel_shape", {2, 2}).ints("strides", {2, 2});
  conv(b, "p", "c3", 8, 4);
  conv(b, "p", "c4", 8, 4);
  b.node("Sigmoid", {"c4"}, {"g"});
  b.initializer("k", {4, 1, 1}, std::vector<float>{0.5f, -1, 2, 0.25f});
  b.node("Mul", {"g", "k"}, {"m"});
  b.node("Concat", {"c3", "m"}, {"j"}).integer("axis", 1);
  conv(b, "j", "c5", 8, 8);
  b.node("GlobalAveragePool", {"c5"}, {"a"});
  b.node("Flatten", {"a"}, {"f"});
  b.weights("w", {5, 8}, 0.4f);
  b.weights("wb", {5}, 0.1f);
  b.node("Gemm", {"f", "w", "wb"}, {"y"}).integer("transB", 1).real("alpha", 0.5f).real("beta", 2);
  b.output("y", {-1, 5});
  return b;
}

std::vector<std::string_view> foreign_targets() {
  std::vector<std::string_view> names;
  for (const Target& target : targets::all_targets()) {
    if (!target.runs_here) names.push_back(target.name);
  }
  return names;
}

/// A model as it is written, by what its tensors are made of.
class Written {
 public:
  explicit Written(const onnx::ModelProto& model) : model_(model) {
    for (const auto& node : model.graph().node()) {
      for (const auto& output : node.output()) makers_[output] = &node;
    }
    for (const auto& constant : model.graph().initializer())
      constants_[constant.name()] = &constant;
  }

  std::string made_by(const std::string& tensor) const {
    const auto found = makers_.find(tensor);
    if (found != makers_.end()) return found->second->op_type();
    return constants_.contains(tensor) ? "constant" : "input";
  }
  const onnx::NodeProto& maker(const std::string& tensor) const { return *makers_.at(tensor); }
  const onnx::TensorProto& constant(const std::string& name) const { return *constants_.at(name); }
  const onnx::NodeProto& node(const std::string& name) const {
    for (const auto& node : model_.graph().node()) {
      if (node.name() == name) return node;
    }
    throw std::invalid_argument(name);
  }

 private:
  const onnx::ModelProto& model_;
  std::map<std::string, const onnx::NodeProto*> makers_;
  std::map<std::string, const onnx::TensorProto*> constants_;
};

QuantizedModel quantized(OnnxBuilder b, std::string_view target) {
  test_support::Samples samples;
  for (unsigned seed = 1; seed <= 3; ++seed) {
    samples.push_back(test_support::random_sample(b.model(), seed));
  }
  return test_support::quantize(b.model(), samples, std::string(target));
}

class ForeignTarget : public testing::TestWithParam<std::string_view> {};

TEST_P(ForeignTarget, ComputesWhatTheFloatModelDoes) {
  OnnxBuilder b = network();
  const QuantizedModel made = quantized(network(), GetParam());
  EXPECT_EQ(test_support::interface_of(made.model), test_support::interface_of(b.model()));
  EXPECT_THAT(test_support::repeated_names(made.model), testing::IsEmpty());
  for (unsigned seed = 1; seed <= 3; ++seed) {
    const auto sample = test_support::random_sample(b.model(), seed);
    const auto real = test_support::run(b.model(), sample).at("y");
    const auto restored = test_support::run(made.model, sample).at("y");
    EXPECT_GE(test_support::sqnr_db(real, restored), GetParam() == "int8-power-of-2" ? 18 : 24);
  }
}

TEST_P(ForeignTarget, IsNamedInTheMetadata) {
  const QuantizedModel made = quantized(network(), GetParam());
  ASSERT_EQ(made.model.metadata_props_size(), 1);
  EXPECT_EQ(made.model.metadata_props(0).key(), kTargetKey);
  EXPECT_EQ(made.model.metadata_props(0).value(), GetParam());
}

TEST_P(ForeignTarget, EveryProductReadsCodesAndAConstantBias) {
  const QuantizedModel made = quantized(network(), GetParam());
  const Written written(made.model);
  const Target& target = targets::find_target(GetParam());
  ASSERT_EQ(made.annotation.weighted.size(), 6u);
  for (const auto& weighted : made.annotation.weighted) {
    const auto& node = written.node(weighted.name);
    std::string input = node.input(0);
    while (target.placement == Placement::kBefore &&
           target.rule(written.made_by(input)) != nullptr) {
      input = written.maker(input).input(0);
    }
    EXPECT_EQ(written.made_by(input), "DequantizeLinear") << node.name();
    const auto& weight = written.maker(node.input(1));
    EXPECT_EQ(weight.op_type(), "DequantizeLinear");
    const bool is_pair = target.weight_form == targets::WeightForm::kPair;
    EXPECT_EQ(written.made_by(weight.input(0)), is_pair ? "QuantizeLinear" : "constant");
    EXPECT_EQ(written.made_by(node.input(2)),
              target.bias_form == targets::BiasForm::kFloat ? "constant" : "DequantizeLinear");
  }
}

TEST_P(ForeignTarget, AWeightOfSeveralNodesIsWrittenOnce) {
  OnnxBuilder b;
  b.input("x", {-1, 3, 8, 8});
  b.weights("w", {3, 3, 3, 3}, 0.3f);
  b.weights("other", {3, 3, 3, 3}, 0.2f);
  for (const auto& [from, to, weight] :
       {std::array{"x", "a", "w"}, {"a", "b", "other"}, {"b", "c", "w"}, {"c", "y", "w"}}) {
    b.node("Conv", {from, weight}, {to}).ints("pads", {1, 1, 1, 1});
  }
  b.output("y", {-1, 3, 8, 8});
  const QuantizedModel made = quantized(b, GetParam());
  std::multiset<std::string> weights;
  for (const auto& constant : made.model.graph().initializer()) {
    if (constant.dims_size() == 4) weights.insert(constant.name());
  }
  EXPECT_EQ(weights.size(), 2u) << testing::PrintToString(weights);
  EXPECT_THAT(test_support::repeated_names(made.model), testing::IsEmpty());
  const auto sample = test_support::random_sample(b.model(), 1);
  const auto real = test_support::run(b.model(), sample).at("y");
  EXPECT_GE(test_support::sqnr_db(real, test_support::run(made.model, sample).at("y")), 18);
}

INSTANTIATE_TEST_SUITE_P(Targets, ForeignTarget, testing::ValuesIn(foreign_targets()),
                         [](const auto& target) {
                           std::string name(target.param);
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });

/// Products with weights of every form; output channel k is 8^-k times as large as the first.
struct ProductForm {
  std::string_view name;
  /// Writes it, from x to y.
  void (*write)(OnnxBuilder& b);
  tensor::Shape input;
  tensor::Shape output;
  /// Of the output, on which the channels lie.
  size_t axis;
  /// Some channels have one scale; the others' errors are not small beside themselves.
  bool shares_scale = false;
};

constexpr int64_t kOutputs = 3;

/// A weight whose channels lie on this axis.
void falling_weights(OnnxBuilder& b, const std::string& name, const tensor::Shape& shape,
                     size_t axis) {
  b.weights(name, shape, 0.5f);
  auto& values = *b.graph().mutable_initializer(b.graph().initializer_size() - 1);
  int64_t inner = 1;
  for (size_t i = axis + 1; i < shape.size(); ++i) inner *= shape[i];
  for (int i = 0; i < values.float_data_size(); ++i) {
    const int64_t channel = i / inner % shape[axis];
    values.set_float_data(i, std::ldexp(values.float_data(i), static_cast<int>(-3 * channel)));
  }
}

const std::array kProductForms = {
    ProductForm{"Conv",
                [](OnnxBuilder& b) {
                  falling_weights(b, "w", {kOutputs, 4, 3, 3}, 0);
                  b.node("Conv", {"x", "w"}, {"y"});
                },
                {1, 4, 6, 6},
                {1, kOutputs, 4, 4},
                1},
    ProductForm{"ConvTranspose",
                [](OnnxBuilder& b) {
                  falling_weights(b, "w", {4, kOutputs, 3, 3}, 1);
                  b.node("ConvTranspose", {"x", "w"}, {"y"}).ints("strides", {2, 2});
                },
                {1, 4, 3, 3},
                {1, kOutputs, 7, 7},
                1},
    ProductForm{"ConvTransposeInGroups",
                [](OnnxBuilder& b) {
                  b.weights("w", {4, 2, 3, 3}, 0.5f);
                  b.weights("bias", {4}, 0.5f);
                  b.node("ConvTranspose", {"x", "w", "bias"}, {"y"}).integer("group", 2);
                },
                {1, 4, 3, 3},
                {1, 4, 5, 5},
                1,
                true},
    ProductForm{"MatMul",
                [](OnnxBuilder& b) {
                  falling_weights(b, "w", {8, kOutputs}, 1);
                  b.node("MatMul", {"x", "w"}, {"y"});
                },
                {5, 8},
                {5, kOutputs},
                1},
    ProductForm{"MatMulOfAVector",
                [](OnnxBuilder& b) {
                  b.weights("w", {8}, 0.5f);
                  b.node("MatMul", {"x", "w"}, {"y"});
                },
                {2, 5, 8},
                {2, 5},
                0,
                true},
    ProductForm{"MatMulOfAStack",
                [](OnnxBuilder& b) {
                  b.weights("w", {2, 8, kOutputs}, 0.5f);
                  b.node("MatMul", {"x", "w"}, {"y"});
                },
                {2, 5, 8},
                {2, 5, kOutputs},
                2,
                true},
    ProductForm{"MatMulWithAConstantFirst",
                [](OnnxBuilder& b) {
                  falling_weights(b, "w", {kOutputs, 8}, 0);
                  b.node("MatMul", {"w", "x"}, {"y"});
                },
                {8, 5},
                {kOutputs, 5},
                0},
    ProductForm{"GemmWithAConstantFirst",
                [](OnnxBuilder& b) {
                  falling_weights(b, "w", {8, kOutputs}, 1);
                  b.node("Gemm", {"w", "x"}, {"y"}).integer("transA", 1);
                },
                {8, 5},
                {kOutputs, 5},
                0},
    ProductForm{"Gemm",
                [](OnnxBuilder& b) {
                  falling_weights(b, "w", {8, kOutputs}, 1);
                  b.node("Gemm", {"x", "w"}, {"y"}).real("alpha", -0.5f);
                },
                {5, 8},
                {5, kOutputs},
                1},
    ProductForm{"GemmTransposed",
                [](OnnxBuilder& b) {
                  falling_weights(b, "w", {kOutputs, 8}, 0);
                  b.node("Gemm", {"x", "w"}, {"y"}).integer("transA", 1).integer("transB", 1);
                },
                {8, 5},
                {5, kOutputs},
                1},
    ProductForm{"OneWeightOnTwoAxes",
                [](OnnxBuilder& b) {
                  falling_weights(b, "w", {3, 3}, 1);
                  b.node("Gemm", {"x", "w"}, {"g"});
                  b.node("Gemm", {"x", "w"}, {"h"}).integer("transB", 1);
                  b.node("Sum", {"g", "h"}, {"y"});
                },
                {5, 3},
                {5, 3},
                1,
                true},
};

/// One channel of a tensor.
tensor::Tensor channel_of(const tensor::Tensor& value, size_t axis, int64_t channel) {
  int64_t inner = 1;
  for (size_t i = axis + 1; i < value.shape().size(); ++i) inner *= value.shape()[i];
  std::vector<float> kept;
  for (size_t i = 0; i < value.element_count(); ++i) {
    const auto place = static_cast<int64_t>(i) / inner % value.shape()[axis];
    if (place == channel) kept.push_back(value.floats()[i]);
  }
  tensor::Tensor result(tensor::ElementType::kFloat32, {static_cast<int64_t>(kept.size())});
  std::ranges::copy(kept, result.floats().begin());
  return result;
}

class ProductForms : public testing::TestWithParam<std::string_view> {};

/// Weights with scales on the wrong axis would drown the small channels.
TEST_P(ProductForms, EachChannelIsWhatItIsInFloat) {
  const Target& target = targets::find_target(GetParam());
  for (const ProductForm& form : kProductForms) {
    SCOPED_TRACE(form.name);
    OnnxBuilder b;
    b.input("x", form.input);
    form.write(b);
    b.output("y", form.output);
    const QuantizedModel made = quantized(b, GetParam());
    const auto sample = test_support::random_sample(b.model(), 1);
    const auto real = test_support::run(b.model(), sample).at("y");
    const auto restored = test_support::run(made.model, sample).at("y");
    ASSERT_EQ(restored.shape(), real.shape());
    EXPECT_GT(test_support::sqnr_db(real, restored), 20);
    const bool has_scales = target.channel_scales == targets::ChannelScales::kAll;
    // Codes of the output have one scale, too.
    if (form.shares_scale || !has_scales || target.placement != Placement::kBefore) continue;
    for (int64_t channel = 0; channel < kOutputs; ++channel) {
      EXPECT_GT(test_support::sqnr_db(channel_of(real, form.axis, channel),
                                      channel_of(restored, form.axis, channel)),
                25)
          << channel;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Targets, ProductForms, testing::ValuesIn(foreign_targets()),
                         [](const auto& target) {
                           std::string name(target.param);
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });

TEST(TensorRt, WeightsOfAPairBecomeTheirVeryCodesAgain) {
  const QuantizedModel made = quantized(network(), "tensorrt");
  const Written written(made.model);
  onnx::ModelProto revealing = made.model;
  for (const auto& weight : made.weights) {
    const auto& restored = written.maker(written.node(weight.node).input(1));
    revealing.mutable_graph()->add_output()->set_name(restored.input(0));
  }
  const auto sample = test_support::random_sample(network().model(), 1);
  const auto values = test_support::run(revealing, sample);
  for (const auto& weight : made.weights) {
    const auto& codes = values.at(written.maker(written.node(weight.node).input(1)).input(0));
    ASSERT_EQ(codes.element_count(), weight.codes.size());
    EXPECT_TRUE(std::ranges::equal(codes.bytes(), std::as_bytes(std::span(weight.codes))))
        << weight.node;
  }
}

TEST(TensorRt, HasNoPairBehindAProductThatNobodyReadsAsCodes) {
  const QuantizedModel made = quantized(network(), "tensorrt");
  const Written written(made.model);
  EXPECT_EQ(written.made_by("y"), "Gemm");
  EXPECT_EQ(written.made_by(written.node("Add_s").input(0)), "Conv");
  EXPECT_EQ(written.made_by(written.node("Add_s").input(1)), "DequantizeLinear");
  EXPECT_EQ(written.made_by(written.node("MaxPool_p").input(0)), "DequantizeLinear");
  EXPECT_EQ(written.made_by(written.node("Conv_c3").input(0)), "MaxPool");
}

TEST(TensorRt, JoinsHaveOneScale) {
  const QuantizedModel made = quantized(network(), "tensorrt");
  const Written written(made.model);
  const auto& join = written.node("Concat_j");
  const auto scale = [&](int input) {
    return graph::read_constant(written.constant(written.maker(join.input(input)).input(1)))
        .floats()[0];
  };
  EXPECT_EQ(scale(0), scale(1));
  EXPECT_GT(scale(0), 0);
}

TEST(Ncnn, WinogradConvolutionsHaveSixBits) {
  const QuantizedModel made = quantized(network(), "ncnn");
  for (const auto& weight : made.weights) {
    const auto [least, most] = std::ranges::minmax(weight.codes);
    EXPECT_EQ(std::max(-least, int{most}), weight.node == "Gemm_y" ? 127 : 31) << weight.node;
  }
}

TEST(PowerOf2, EveryScaleIsOne) {
  const QuantizedModel made = quantized(network(), "int8-power-of-2");
  const auto is_power = [](float scale) {
    int exponent = 0;
    return std::frexp(scale, &exponent) == 0.5f;
  };
  for (const auto& [name, config] : made.solved) EXPECT_TRUE(is_power(config.scale[0])) << name;
  for (const auto& weight : made.weights) {
    ASSERT_EQ(weight.scale.size(), 1u) << weight.node;
    EXPECT_TRUE(is_power(weight.scale[0])) << weight.node;
  }
}

TEST(Qnn, HasScalesOfChannelsInConvolutionsAlone) {
  const QuantizedModel made = quantized(network(), "qnn");
  for (const auto& weight : made.weights) {
    EXPECT_EQ(weight.scale.size(), weight.node == "Gemm_y" ? 1u : weight.channel_count);
  }
}

/// The HTP back end takes another number of scales, and computes nonsense.
TEST(Qnn, ABiasHasAsManyScalesAsItsWeight) {
  const QuantizedModel made = quantized(network(), "qnn");
  const Written written(made.model);
  for (const auto& weight : made.weights) {
    const auto& node = written.node(weight.node);
    const auto scales = [&](int input) {
      return written.constant(written.maker(node.input(input)).input(1)).dims_size();
    };
    EXPECT_EQ(scales(2), scales(1)) << weight.node;
    EXPECT_EQ(scales(2), weight.node == "Gemm_y" ? 0 : 1) << weight.node;
  }
}

TEST(Qnn, SixteenBitsNeedASetOrAnotherDomain) {
  const auto domain = [](int64_t opset) {
    const QuantizedModel made = quantized(network(opset), "qnn-16");
    std::set<std::string> domains;
    for (const auto& node : made.model.graph().node()) {
      if (node.op_type() == "QuantizeLinear") domains.insert(node.domain());
    }
    return domains;
  };
  EXPECT_THAT(domain(13), ElementsAre("com.microsoft"));
  EXPECT_THAT(domain(21), ElementsAre(""));
}

TEST(QuantizedDomain, IsRefusedToRuntimesThatHaveNoOther) {
  passes::PreparedModel prepared;
  prepared.model.add_opset_import()->set_version(11);
  prepared.kept_opset_because = "Resize 'r' shrinks";
  EXPECT_EQ(quantized_domain(prepared, targets::find_target("ort-cpu")), "com.microsoft");
  try {
    quantized_domain(prepared, targets::find_target("tensorrt"));
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), testing::AllOf(testing::HasSubstr("tensorrt"),
                                             testing::HasSubstr("Resize 'r' shrinks")));
  }
  Target wide = targets::find_target("qnn-16");
  wide.takes_microsoft = false;
  prepared.kept_opset_because.clear();
  prepared.model.mutable_opset_import(0)->set_version(20);
  EXPECT_THROW(quantized_domain(prepared, wide), Error);
  prepared.model.mutable_opset_import(0)->set_version(21);
  EXPECT_EQ(quantized_domain(prepared, wide), "");
}

}  // namespace
}  // namespace rangefinder::exporters
