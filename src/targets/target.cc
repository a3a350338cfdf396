#include "targets/target.h"

#include <fmt/format.h>

#include <array>
#include <stdexcept>
#include <vector>

namespace rangefinder::targets {
namespace {

using quantization::Symmetry;
using quantization::TensorQuantizationConfig;

/// What ONNX Runtime's CPU kernels compute on codes. Measured with release 1.29: each entry was
/// exported and found in the optimized model (docs/targets.md).
constexpr std::array<OperatorRule, 24> kOnnxRuntimeCpu = {{
    {"Conv", Role::kWeighted, 1},
    {"Gemm", Role::kWeighted, 1},
    {"MatMul", Role::kWeighted, 2},
    {"Add", Role::kArithmetic, 2},
    {"Mul", Role::kArithmetic, 2},
    {"Concat", Role::kArithmetic, 0},
    {"AveragePool", Role::kArithmetic, 1},
    {"GlobalAveragePool", Role::kArithmetic, 1},
    {"Sigmoid", Role::kArithmetic, 1},
    {"LeakyRelu", Role::kArithmetic, 1},
    {"HardSigmoid", Role::kGate, 1},
    {"Div", Role::kScale, 1},
    {"MaxPool", Role::kMover, 1},
    {"Reshape", Role::kMover, 1},
    {"Transpose", Role::kMover, 1},
    {"Flatten", Role::kMover, 1},
    {"Squeeze", Role::kMover, 1},
    {"Unsqueeze", Role::kMover, 1},
    {"Slice", Role::kMover, 1},
    {"Gather", Role::kMover, 1},
    {"DepthToSpace", Role::kMover, 1},
    {"Resize", Role::kMover, 1},
    {"Relu", Role::kBound, 1},
    {"Clip", Role::kBound, 1},
}};

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

std::span<const Target> all_targets() {
  static const std::vector<Target> kTargets = {
      {"ort-cpu", "ONNX Runtime on any CPU; weights also safe on x86-64 without VNNI",
       TensorQuantizationConfig::linear(Symmetry::kAsymmetric, 8), weight_config(), true,
       kOnnxRuntimeCpu},
      {"ort-cpu-vnni", "ONNX Runtime on CPUs with 8-bit dot products (x86-64 VNNI, arm64)",
       TensorQuantizationConfig::linear(Symmetry::kAsymmetric, 8), weight_config(), false,
       kOnnxRuntimeCpu},
  };
  return kTargets;
}

const Target& find_target(std::string_view name) {
  std::string known;
  for (const Target& target : all_targets()) {
    if (target.name == name) return target;
    known += fmt::format("{}{}", known.empty() ? "" : ", ", target.name);
  }
  throw std::invalid_argument(fmt::format("unknown target '{}'; known are {}", name, known));
}

}  // namespace rangefinder::targets
