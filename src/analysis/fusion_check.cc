#include "analysis/fusion_check.h"

#include <array>
#include <string_view>
#include <unordered_map>

#include "engine/packed_model.h"
#include "engine/pieces.h"

namespace rangefinder::analysis {
namespace {

constexpr std::array<std::string_view, 8> kIntegerKernels = {
    "QLinearConv",          "ConvInteger",           "QGemm",     "QLinearMatMul", "MatMulInteger",
    "MatMulIntegerToFloat", "DynamicQuantizeMatMul", "QAttention"};
constexpr std::array<std::string_view, 6> kFloatKernels = {"Conv",      "FusedConv", "Gemm",
                                                           "FusedGemm", "MatMul",    "FusedMatMul"};

template <size_t N>
bool contains(const std::array<std::string_view, N>& names, const std::string& name) {
  for (const auto& known : names) {
    if (known == name) return true;
  }
  return false;
}

/// Names that the node behind a kernel may have had: a MatMul and its bias become one node with
/// another ending, and changing the layout appends "_token_<number>"; a model's own names may also
/// end so.
std::vector<std::string> possible_names(std::string name) {
  constexpr std::string_view kMatMulWithBias = "/MatMulAddFusion";
  std::vector<std::string> names;
  for (;;) {
    names.push_back(name);
    if (name.ends_with(kMatMulWithBias)) {
      name.resize(name.size() - kMatMulWithBias.size());
      continue;
    }
    const auto place = name.rfind("_token_");
    if (place == std::string::npos || place + 7 == name.size() ||
        name.find_first_not_of("0123456789", place + 7) != std::string::npos) {
      return names;
    }
    name.resize(place);
  }
}

}  // namespace

engine::HeldModel optimized(const engine::ModelSource& model) {
  return engine::optimize_in_pieces(model, engine::OptimizationLevel::kAll, engine::cuts_at_codes);
}

bool is_integer_kernel(const std::string& op_type) { return contains(kIntegerKernels, op_type); }

FusionReport check_fusion(const engine::ModelSource& quantized,
                          const passes::Annotation& annotation) {
  FusionReport report;
  const engine::HeldModel held = optimized(quantized);
  const onnx::ModelProto& model = held.model;
  report.optimized = engine::pack_model(model, quantized.file, held.held);
  // A fused kernel keeps the name of the node that it replaces.
  std::unordered_map<std::string, std::string> kernels;
  for (const auto& node : model.graph().node()) {
    for (const std::string& name : possible_names(node.name())) {
      // A helper of the new layout never stands for the kernel.
      if (is_integer_kernel(node.op_type()) || !kernels.contains(name)) {
        kernels[name] = node.op_type();
      }
    }
  }
  report.eligible_nodes = annotation.weighted.size() + annotation.left_float.size();
  report.float_nodes = annotation.left_float;
  report.float_nodes.insert(report.float_nodes.end(), annotation.unsuited.begin(),
                            annotation.unsuited.end());
  for (const auto& weighted : annotation.weighted) {
    const auto kernel = kernels.find(weighted.name);
    if (kernel != kernels.end() && is_integer_kernel(kernel->second)) {
      ++report.integer_nodes;
    } else {
      report.float_nodes.push_back({weighted.name, weighted.op_type,
                                    kernel == kernels.end()
                                        ? "merged into another node by ONNX Runtime"
                                        : "ONNX Runtime kept " + kernel->second + " in float"});
    }
  }
  return report;
}

FusionReport check_fusion(const engine::ModelSource& model) {
  FusionReport report;
  const engine::HeldModel held = optimized(model);
  report.optimized = engine::pack_model(held.model, model.file, held.held);
  for (const auto& node : held.model.graph().node()) {
    if (is_integer_kernel(node.op_type())) {
      ++report.integer_nodes;
    } else if (contains(kFloatKernels, node.op_type())) {
      report.float_nodes.push_back({node.name(), node.op_type(), "computes in float"});
    }
  }
  report.eligible_nodes = report.integer_nodes + report.float_nodes.size();
  return report;
}

}  // namespace rangefinder::analysis
