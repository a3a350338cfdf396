#include "passes/gemm_factors.h"

#include <string>
#include <vector>

#include "graph/attributes.h"
#include "graph/constants.h"
#include "graph/graph.h"
#include "passes/append_node.h"
#include "passes/transpose.h"

namespace rangefinder::passes {
namespace {

bool is_gemm(const onnx::NodeProto& node) {
  return node.op_type() == "Gemm" && node.domain().empty();
}

class Splitter {
 public:
  Splitter(graph::Graph& graph, TensorInfos& infos, const std::unordered_set<std::string>& written)
      : graph_(graph), infos_(infos), written_(written) {}

  void split(onnx::NodeProto& gemm) {
    if (!is_float(infos_, gemm.output(0)) || graph_.initializer(gemm.input(0))) return;
    if (graph::int_attribute(gemm, "transA", 0) != 0) {
      transpose(gemm, 0);
      graph::remove_attribute(gemm, "transA");
    }
    const bool is_written = written_.contains(gemm.output(0));
    if (!graph_.initializer(gemm.input(1)) && !is_written) become_matmul(gemm);
  }

 private:
  void transpose(onnx::NodeProto& gemm, int input) {
    graph_.set_input(gemm, input, transposed(graph_, infos_, gemm.input(input), {1, 0}));
  }

  void become_matmul(onnx::NodeProto& gemm) {
    if (graph::int_attribute(gemm, "transB", 0) != 0) transpose(gemm, 1);
    const float alpha = graph::float_attribute(gemm, "alpha", 1);
    const float beta = graph::float_attribute(gemm, "beta", 1);
    const bool adds = gemm.input_size() > 2 && !gemm.input(2).empty() && beta != 0;
    const std::string summand = adds ? gemm.input(2) : "";
    if (gemm.input_size() > 2) {
      graph_.set_input(gemm, 2, "");
      gemm.mutable_input()->RemoveLast();
    }
    gemm.clear_attribute();
    gemm.set_op_type("MatMul");
    if (alpha != 1) scale_product(gemm, alpha);
    if (adds) add_to_product(gemm, summand, beta);
  }

  /// Puts a node behind the product; it makes what `gemm` made so far.
  void append(onnx::NodeProto& gemm, const std::string& type,
              const std::vector<std::string>& others) {
    onnx::NodeProto& last = last_ ? *last_ : gemm;
    const AppendedNames names = {last.output(0) + "_product", gemm.name() + "_" + type};
    last_ = &append_node(graph_, infos_, last, type, names, others);
  }

  void scale_product(onnx::NodeProto& gemm, float alpha) {
    append(gemm, "Mul", {constant(gemm.name() + "_alpha", alpha)});
  }

  void add_to_product(onnx::NodeProto& gemm, std::string summand, float beta) {
    if (beta != 1) {
      const std::string scaled = graph_.fresh_name(summand + "_scaled");
      infos_[scaled] = infos_[summand];
      graph_.add_node("Mul", graph_.fresh_name(gemm.name() + "_beta_Mul"),
                      {summand, constant(gemm.name() + "_beta", beta)}, {scaled});
      summand = scaled;
    }
    // Of a MatMul and an Add side by side ONNX Runtime would make the Gemm again.
    if (!last_) append(gemm, "Max", {});
    append(gemm, "Add", {summand});
  }

  std::string constant(const std::string& name, float value) {
    return graph_.add_initializer(
        graph::make_floats(graph_.fresh_name(name), {}, std::vector<float>{value}));
  }

  graph::Graph& graph_;
  TensorInfos& infos_;
  const std::unordered_set<std::string>& written_;
  onnx::NodeProto* last_ = nullptr;
};

}  // namespace

std::unordered_set<std::string> gemm_outputs(const onnx::ModelProto& model) {
  std::unordered_set<std::string> names;
  for (const auto& node : model.graph().node()) {
    if (is_gemm(node)) names.insert(node.output().begin(), node.output().end());
  }
  return names;
}

void split_gemm_factors(onnx::ModelProto& model, TensorInfos& infos,
                        const std::unordered_set<std::string>& written) {
  graph::Graph graph(model);
  const int count = graph.message().node_size();
  for (int i = 0; i < count; ++i) {
    onnx::NodeProto& node = *graph.message().mutable_node(i);
    if (is_gemm(node)) Splitter(graph, infos, written).split(node);
  }
  graph.finish();
}

}  // namespace rangefinder::passes
