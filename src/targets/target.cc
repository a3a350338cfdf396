#include "targets/target.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>
#include <vector>

#include "base/near_names.h"
#include "targets/explicit_targets.h"

namespace rangefinder::targets {
namespace {

using quantization::Symmetry;
using quantization::TensorQuantizationConfig;

constexpr double kLargestGateBeta = 1024;

constexpr std::array<AttributeRule, 6> kConv = {
    {{"auto_pad"}, {"dilations"}, {"group"}, {"kernel_shape"}, {"pads"}, {"strides"}}};
constexpr std::array<AttributeRule, 4> kGemm = {{{"alpha", Allowed::kFinite},
                                                 {"beta", Allowed::kFinite},
                                                 {"transA", Allowed::kZero},
                                                 {"transB"}}};
/// QLinearAveragePool has no attribute of that name and is refused with one, even of ones.
constexpr std::array<AttributeRule, 7> kAveragePool = {{{"auto_pad"},
                                                        {"ceil_mode"},
                                                        {"count_include_pad"},
                                                        {"dilations", Allowed::kNothing},
                                                        {"kernel_shape"},
                                                        {"pads"},
                                                        {"strides"}}};
constexpr std::array<AttributeRule, 7> kMaxPool = {{{"auto_pad"},
                                                    {"ceil_mode"},
                                                    {"dilations"},
                                                    {"kernel_shape"},
                                                    {"pads"},
                                                    {"storage_order"},
                                                    {"strides"}}};
/// Only a Resize that takes each output from one input, and none from outside, moves codes.
constexpr std::array<AttributeRule, 8> kResize = {
    {{"antialias", Allowed::kZero},
     {"coordinate_transformation_mode", Allowed::kNot, "tf_crop_and_resize"},
     {"cubic_coeff_a"},
     {"exclude_outside"},
     {"extrapolation_value"},
     {"keep_aspect_ratio_policy"},
     {"mode", Allowed::kOnly, "nearest"},
     {"nearest_mode"}}};
constexpr std::array<AttributeRule, 1> kAxis = {{{"axis"}}};
/// An input since operator set 13; an attribute before.
constexpr std::array<AttributeRule, 1> kAxes = {{{"axes"}}};
constexpr std::array<AttributeRule, 1> kLeakyRelu = {{{"alpha", Allowed::kFinite}}};
constexpr std::array<AttributeRule, 2> kHardSigmoid = {
    {{"alpha", Allowed::kPositive}, {"beta", Allowed::kAtMost, {}, kLargestGateBeta}}};
constexpr std::array<AttributeRule, 1> kReshape = {{{"allowzero"}}};
constexpr std::array<AttributeRule, 1> kTranspose = {{{"perm"}}};
constexpr std::array<AttributeRule, 3> kSlice = {{{"axes"}, {"ends"}, {"starts"}}};
constexpr std::array<AttributeRule, 2> kDepthToSpace = {{{"blocksize"}, {"mode"}}};
constexpr std::array<AttributeRule, 2> kClip = {{{"max"}, {"min"}}};

/// What ONNX Runtime's CPU kernels compute on codes. Measured with releases 1.24, 1.29 and 1.32:
/// each entry was exported and found in the optimized model, and its attributes were tried at
/// random against the operator in float (docs/targets.md; tests/exporters/kernels_test.cc repeats
/// it).
constexpr std::array<OperatorRule, 24> kOnnxRuntimeCpu = {{
    {"Conv", Role::kWeighted, 1, {kConv}},
    {"Gemm", Role::kWeighted, 1, {kGemm}},
    {"MatMul", Role::kWeighted, 2},
    {"Add", Role::kArithmetic, 2},
    {"Mul", Role::kArithmetic, 2},
    {"Concat", Role::kArithmetic, 0, {kAxis}},
    {"AveragePool", Role::kArithmetic, 1, {kAveragePool, {"ceil_mode", "count_include_pad"}}},
    {"GlobalAveragePool", Role::kArithmetic, 1},
    {"Sigmoid", Role::kArithmetic, 1},
    {"LeakyRelu", Role::kArithmetic, 1, {kLeakyRelu}},
    {"HardSigmoid", Role::kGate, 1, {kHardSigmoid}},
    {"Div", Role::kScale, 1},
    {"MaxPool", Role::kMover, 1, {kMaxPool}},
    {"Reshape", Role::kMover, 1, {kReshape}},
    {"Transpose", Role::kMover, 1, {kTranspose}},
    {"Flatten", Role::kMover, 1, {kAxis}},
    {"Squeeze", Role::kMover, 1, {kAxes}},
    {"Unsqueeze", Role::kMover, 1, {kAxes}},
    {"Slice", Role::kMover, 1, {kSlice}},
    {"Gather", Role::kMover, 1, {kAxis}},
    {"DepthToSpace", Role::kMover, 1, {.attributes = kDepthToSpace, .least_opset = 11}},
    {"Resize", Role::kMover, 1, {kResize}},
    {"Relu", Role::kBound, 1},
    {"Clip", Role::kBound, 1, {kClip}},
}};

/// QLinearSoftmax wraps a value above the last code to 0, up to release 1.31.
constexpr std::array<std::string_view, 1> kFusedWrongly = {"Softmax"};

TensorQuantizationConfig weight_config() {
  auto config = TensorQuantizationConfig::linear(Symmetry::kSymmetric, 8);
  config.quant_min = -127;
  config.quant_max = 127;
  return config;
}

}  // namespace

const OperatorRule* Target::rule(std::string_view op_type) const {
  for (const OperatorRule& rule : rules) {
    if (rule.op_type == op_type) return &rule;
  }
  return nullptr;
}

bool Target::fuses_wrongly(std::string_view op_type) const {
  return std::find(fused_wrongly.begin(), fused_wrongly.end(), op_type) != fused_wrongly.end();
}

std::span<const Target> all_targets() {
  static const std::vector<Target> kTargets = [] {
    const Target any = {
        .name = "ort-cpu",
        .summary = "ONNX Runtime on any CPU; weights also safe on x86-64 without VNNI",
        .activation = TensorQuantizationConfig::linear(Symmetry::kAsymmetric, 8),
        .weight = weight_config(),
        .pair_sums_saturate = true,
        .rules = kOnnxRuntimeCpu,
        .fused_wrongly = kFusedWrongly};
    Target vnni = any;
    vnni.name = "ort-cpu-vnni";
    vnni.summary = "ONNX Runtime on CPUs with 8-bit dot products (x86-64 VNNI, arm64)";
    vnni.pair_sums_saturate = false;
    Target arm64 = vnni;
    arm64.name = "ort-arm64";
    arm64.summary = "ONNX Runtime on arm64: int8 activations, for kernels of int8 times int8";
    arm64.activation.quant_min = -128;
    arm64.activation.quant_max = 127;
    arm64.runs_here = false;
    std::vector<Target> targets = {any, vnni, arm64};
    for (Target& target : explicit_targets()) targets.push_back(std::move(target));
    return targets;
  }();
  return kTargets;
}

const Target& find_target(std::string_view name) {
  std::vector<std::string> known;
  for (const Target& target : all_targets()) {
    if (target.name == name) return target;
    known.emplace_back(target.name);
  }
  throw std::invalid_argument(fmt::format("unknown target '{}'; known are {}{}", name,
                                          fmt::join(known, ", "), did_you_mean(name, known)));
}

}  // namespace rangefinder::targets
