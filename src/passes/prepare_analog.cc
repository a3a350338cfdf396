#include "passes/prepare_analog.h"

#include <map>
#include <string>
#include <unordered_set>

#include "base/error.h"
#include "graph/graph.h"
#include "passes/fold_constants.h"
#include "passes/inline_functions.h"
#include "passes/prepare.h"
#include "passes/widen_float16.h"

namespace rangefinder::passes {
namespace {

/// The first version of the format in which an initializer need not be an input.
constexpr int64_t kConstantInitializers = 4;

/// The operands of the nodes that may become layers: what is constant of them are weights.
std::unordered_set<std::string> operands(const onnx::GraphProto& graph) {
  // The bias is not looked at: it stays digital.
  static const std::map<std::string, int> kOperandCounts = {{"Gemm", 2}, {"MatMul", 2}, {"Conv", 2},
                                                            {"LSTM", 3}, {"GRU", 3},    {"RNN", 3}};
  std::unordered_set<std::string> names;
  for (const onnx::NodeProto& node : graph.node()) {
    const auto count = kOperandCounts.find(node.op_type());
    if (count == kOperandCounts.end()) continue;
    for (int i = 0; i < std::min(count->second, node.input_size()); ++i) {
      if (!node.input(i).empty()) names.insert(node.input(i));
    }
  }
  return names;
}

}  // namespace

onnx::ModelProto prepare_analog(onnx::ModelProto model, const std::filesystem::path& path) {
  try {
    make_inputs_constant(*model.mutable_graph());
    if (model.ir_version() < kConstantInitializers) model.set_ir_version(kConstantInitializers);
    graph::name_nodes(model);
    if (inline_functions(model)) graph::name_nodes(model);
    widen_float16(model);
  } catch (const Error& error) {
    throw error.within({.file = path.string()});
  }
  fold_constants(model, operands(model.graph()), path);
  return model;
}

}  // namespace rangefinder::passes
