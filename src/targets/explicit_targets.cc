#include "targets/explicit_targets.h"

#include <array>
#include <optional>

// What the tables below leave out stays float. An operator without conditions is taken with any
// attributes: between its QuantizeLinear and DequantizeLinear it computes what it computes in
// float, so a wrong entry costs time or precision, never a wrong result.

namespace rangefinder::targets {
namespace {

using quantization::AffineParameters;
using quantization::ScaleRule;
using quantization::Symmetry;
using quantization::TensorQuantizationConfig;

/// A Resize that takes each output from one input moves codes.
constexpr std::array<AttributeRule, 8> kResize = {{{"antialias"},
                                                   {"coordinate_transformation_mode"},
                                                   {"cubic_coeff_a"},
                                                   {"exclude_outside"},
                                                   {"extrapolation_value"},
                                                   {"keep_aspect_ratio_policy"},
                                                   {"mode", Allowed::kOnly, "nearest"},
                                                   {"nearest_mode"}}};

/// A ConvTranspose in groups is computed in float.
constexpr std::array<AttributeRule, 8> kWithoutGroups = {{{"auto_pad"},
                                                          {"dilations"},
                                                          {"group", Allowed::kAtMost, {}, 1},
                                                          {"kernel_shape"},
                                                          {"output_padding"},
                                                          {"output_shape"},
                                                          {"pads"},
                                                          {"strides"}}};

/// Rules of several lists, which are looked up by name: their order means nothing.
template <size_t... kSizes>
constexpr auto joined(const std::array<OperatorRule, kSizes>&... lists) {
  std::array<OperatorRule, (kSizes + ...)> all = {};
  size_t place = 0;
  const auto add = [&](const auto& list) {
    for (const OperatorRule& rule : list) all[place++] = rule;
  };
  (add(lists), ...);
  return all;
}

constexpr std::array<OperatorRule, 3> kProducts = {{
    {"Conv", Role::kWeighted, 1},
    {"Gemm", Role::kWeighted, 1},
    {"MatMul", Role::kWeighted, 2},
}};

constexpr std::array<OperatorRule, 1> kTransposedProducts = {{
    {"ConvTranspose", Role::kWeighted, 1},
}};

constexpr std::array<OperatorRule, 2> kAverages = {{
    {"AveragePool", Role::kArithmetic, 1},
    {"GlobalAveragePool", Role::kArithmetic, 1},
}};

constexpr std::array<OperatorRule, 7> kMovers = {{
    {"MaxPool", Role::kMover, 1},
    {"Reshape", Role::kMover, 1},
    {"Transpose", Role::kMover, 1},
    {"Flatten", Role::kMover, 1},
    {"Squeeze", Role::kMover, 1},
    {"Unsqueeze", Role::kMover, 1},
    {"Slice", Role::kMover, 1},
}};

constexpr std::array<OperatorRule, 2> kBlockMovers = {{
    {"DepthToSpace", Role::kMover, 1},
    {"Resize", Role::kMover, 1, {kResize}},
}};

constexpr std::array<OperatorRule, 9> kArithmetic = {{
    {"Add", Role::kArithmetic, 2},
    {"Sub", Role::kArithmetic, 2},
    {"Mul", Role::kArithmetic, 2},
    {"Div", Role::kArithmetic, 2},
    {"ReduceMean", Role::kArithmetic, 1},
    {"Softmax", Role::kArithmetic, 1},
    {"HardSigmoid", Role::kArithmetic, 1},
    {"HardSwish", Role::kArithmetic, 1},
    {"LeakyRelu", Role::kArithmetic, 1},
}};

constexpr std::array<OperatorRule, 2> kBounds = {{
    {"Relu", Role::kBound, 1},
    {"Clip", Role::kBound, 1},
}};

/// NVIDIA, "Explicit Quantization" (documentation of TensorRT 10 and 11): inputs of weighted
/// operators, deconvolutions among them; one input of an addition that is fused into a convolution;
/// not the outputs of weighted operators; pooling and what moves values commutes with Q and DQ.
/// ModelOpt's qdq_graph.py: inputs of a concatenation with one scale, which is nothing to compute
/// then.
constexpr auto kTensorRt = joined(kProducts, kTransposedProducts, kAverages, kMovers,
                                  std::array<OperatorRule, 3>{{
                                      {"Add", Role::kResidual, 2},
                                      {"Concat", Role::kJoin, 0},
                                      {"Relu", Role::kBound, 1},
                                  }});

/// The same, and more that moves values: found by running, see docs/openvino.md. Mul is left out: a
/// gate times what it gates is fused into the convolution before it as long as no pair stands
/// between.
constexpr auto kOpenVino =
    joined(kProducts, kAverages, kMovers, kBlockMovers,
           std::array<OperatorRule, 4>{{
               {"ConvTranspose", Role::kWeighted, 1, {kWithoutGroups}, {}, true},
               {"Add", Role::kResidual, 2},
               {"Concat", Role::kJoin, 0},
               {"Relu", Role::kBound, 1},
           }});

/// Every operator whose output has a range worth codes.
constexpr auto kEverything =
    joined(kProducts, kAverages, kArithmetic, kMovers, kBlockMovers, kBounds,
           std::array<OperatorRule, 5>{{
               {"Max", Role::kArithmetic, 2},
               {"GlobalMaxPool", Role::kArithmetic, 1},
               {"Sigmoid", Role::kArithmetic, 1},
               {"Concat", Role::kJoin, 0},
               {"Gather", Role::kMover, 1},
           }});

constexpr std::optional<AffineParameters> kSeen = std::nullopt;
constexpr std::optional<AffineParameters> kShareOf16 = AffineParameters{1.0f / 65536, 0};
constexpr std::optional<AffineParameters> kSignedOf16 = AffineParameters{1.0f / 32768, 32768};

/// microsoft/onnxruntime, quantization/execution_providers/qnn/quant_config.py: all operators, and
/// for 16 bits prescribed outputs of Sigmoid and Tanh.
constexpr auto qnn_rules(bool is_wide) {
  return joined(kProducts, kAverages, kArithmetic, kMovers, kBlockMovers, kBounds,
                std::array<OperatorRule, 4>{{
                    {"Sigmoid", Role::kArithmetic, 1, {}, is_wide ? kShareOf16 : kSeen},
                    {"Tanh", Role::kArithmetic, 1, {}, is_wide ? kSignedOf16 : kSeen},
                    {"Concat", Role::kArithmetic, 0},
                    {"Gather", Role::kMover, 1},
                }});
}
constexpr auto kQnn8 = qnn_rules(false);
constexpr auto kQnn16 = qnn_rules(true);

/// Tencent/ncnn, tools/quantize/ncnn2table.cpp: inputs of Convolution, ConvolutionDepthWise (one
/// scale for the weights of a group) and InnerProduct; 3x3 windows with stride 1 have 6 bits.
constexpr std::array<OperatorRule, 2> kNcnn = {{
    {"Conv", Role::kWeighted, 1},
    {"Gemm", Role::kWeighted, 1},
}};

/// PPQ's MNNQuantizer: Conv, Add, Gemm, inputs and outputs.
constexpr std::array<OperatorRule, 5> kMnn = {{
    {"Conv", Role::kWeighted, 1},
    {"Gemm", Role::kWeighted, 1},
    {"Add", Role::kArithmetic, 2},
    {"Relu", Role::kBound, 1},
    {"Clip", Role::kBound, 1},
}};

TensorQuantizationConfig symmetric(int64_t least, int64_t most) {
  auto config = TensorQuantizationConfig::linear(Symmetry::kSymmetric, 8);
  config.quant_min = least;
  config.quant_max = most;
  return config;
}

TensorQuantizationConfig with_power_of_2(TensorQuantizationConfig config) {
  config.properties.scale_rule = ScaleRule::kPowerOf2;
  return config;
}

/// What all of them have in common.
Target profile(std::string_view name, std::string_view summary,
               const TensorQuantizationConfig& activation, std::span<const OperatorRule> rules) {
  return {.name = name,
          .summary = summary,
          .activation = activation,
          .weight = symmetric(-127, 127),
          .pair_sums_saturate = false,
          .rules = rules,
          .runs_here = false,
          .takes_microsoft = false};
}

Target tensorrt(std::string_view name, std::string_view summary) {
  Target target = profile(name, summary, symmetric(-128, 127), kTensorRt);
  target.placement = Placement::kBefore;
  target.weight_form = WeightForm::kPair;
  target.bias_form = BiasForm::kFloat;
  return target;
}

/// The provider has no convolution or product of codes: models become smaller, not quicker.
Target ort_cuda() {
  Target target = tensorrt("ort-cuda",
                           "ONNX Runtime's CUDA provider, which computes between Q and "
                           "DQ in float: smaller, not quicker");
  target.weight_form = WeightForm::kCodes;
  return target;
}

Target openvino() {
  Target target = profile("openvino", "OpenVINO on CPUs",
                          TensorQuantizationConfig::linear(Symmetry::kAsymmetric), kOpenVino);
  target.placement = Placement::kBefore;
  target.bias_form = BiasForm::kFloat;
  target.wants_spelling = true;
  target.joins_zero_points = true;
  return target;
}

Target around(std::string_view name, std::string_view summary,
              const TensorQuantizationConfig& activation, std::span<const OperatorRule> rules) {
  Target target = profile(name, summary, activation, rules);
  target.placement = Placement::kAround;
  return target;
}

Target qnn(std::string_view name, std::string_view summary, int bits,
           std::span<const OperatorRule> rules) {
  Target target =
      around(name, summary, TensorQuantizationConfig::linear(Symmetry::kAsymmetric, bits), rules);
  target.channel_scales = ChannelScales::kOfConv;
  target.takes_microsoft = true;
  return target;
}

Target ncnn() {
  Target target = profile("ncnn", "ncnn: ranges of the inputs of convolutions and products",
                          symmetric(-127, 127), kNcnn);
  target.placement = Placement::kBefore;
  target.bias_form = BiasForm::kFloat;
  target.winograd_weight_max = 31;
  target.has_group_scales = true;
  return target;
}

Target mnn() {
  Target target = around("mnn", "MNN: ranges around convolutions, products and additions",
                         symmetric(-127, 127), kMnn);
  target.bias_form = BiasForm::kFloat;
  return target;
}

Target power_of_2() {
  Target target = around("int8-power-of-2", "int8 with scales that are powers of two, for FPGAs",
                         with_power_of_2(symmetric(-128, 127)), kEverything);
  target.weight = with_power_of_2(target.weight);
  target.channel_scales = ChannelScales::kNone;
  return target;
}

}  // namespace

std::vector<Target> explicit_targets() {
  return {
      openvino(),
      tensorrt("tensorrt", "TensorRT, explicit quantization: symmetric int8"),
      tensorrt("ort-tensorrt", "ONNX Runtime with the TensorRT provider: as tensorrt"),
      ort_cuda(),
      qnn("qnn", "Qualcomm's QNN: uint8 activations, int8 weights", 8, kQnn8),
      qnn("qnn-16", "Qualcomm's QNN: uint16 activations, int8 weights", 16, kQnn16),
      ncnn(),
      mnn(),
      around("ppl-cuda", "OpenPPL on CUDA: symmetric int8", symmetric(-128, 127), kEverything),
      around("int8-symmetric", "symmetric int8 around every operator, for other runtimes",
             symmetric(-128, 127), kEverything),
      power_of_2(),
  };
}

}  // namespace rangefinder::targets
