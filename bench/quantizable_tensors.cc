#include "bench/quantizable_tensors.h"

#include <onnx/onnx_pb.h>

#include <map>
#include <set>

namespace rangefinder::bench {
namespace {

const std::set<std::string> kQuantizable = {
    "Conv", "Gemm", "MatMul", "Add", "Mul", "Concat", "AveragePool", "GlobalAveragePool",
    "Sigmoid", "Softmax", "HardSigmoid", "HardSwish", "LeakyRelu", "Relu", "Clip"};
const std::set<std::string> kFusesActivation = {"Conv", "Gemm", "MatMul", "Add",
                                                "BatchNormalization"};
const std::set<std::string> kActivation = {"Relu", "Clip"};

class Search {
 public:
  explicit Search(const onnx::GraphProto& graph) : graph_(graph) {
    for (const auto& tensor : graph.initializer()) constant_.insert(tensor.name());
    for (const auto& node : graph.node()) {
      if (node.op_type() == "Constant") constant_.insert(node.output(0));
      for (const auto& name : node.input()) readers_[name].push_back(node.op_type());
    }
  }

  std::vector<engine::ObservedTensor> run() {
    for (const auto& node : graph_.node()) {
      if (!kQuantizable.contains(node.op_type())) continue;
      const bool clip = node.op_type() == "Clip";
      for (int i = 0; i < (clip ? 1 : node.input_size()); ++i) add(node.input(i));
      add(node.output(0));
    }
    return result_;
  }

 private:
  void add(const std::string& name) {
    if (name.empty() || constant_.contains(name) || fused_.contains(name)) return;
    if (seen_.insert(name).second) result_.push_back({name});
  }

 public:
  /// Marks outputs that disappear in a fused operator.
  void find_fused() {
    for (const auto& node : graph_.node()) {
      if (!kFusesActivation.contains(node.op_type())) continue;
      const auto readers = readers_.find(node.output(0));
      if (readers != readers_.end() && readers->second.size() == 1 &&
          kActivation.contains(readers->second.front())) {
        fused_.insert(node.output(0));
      }
    }
  }

 private:
  const onnx::GraphProto& graph_;
  std::set<std::string> constant_;
  std::set<std::string> fused_;
  std::set<std::string> seen_;
  std::map<std::string, std::vector<std::string>> readers_;
  std::vector<engine::ObservedTensor> result_;
};

}  // namespace

std::vector<engine::ObservedTensor> quantizable_tensors(const std::string& serialized) {
  onnx::ModelProto model;
  model.ParseFromString(serialized);
  Search search(model.graph());
  search.find_fused();
  return search.run();
}

}  // namespace rangefinder::bench
