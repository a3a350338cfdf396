#include "graph/normalize.h"

#include <string>
#include <string_view>
#include <unordered_set>

#include "graph/sparse.h"
#include "graph/walk.h"

namespace rangefinder::graph {
namespace {

constexpr std::string_view kLongDefaultDomain = "ai.onnx";

/// Makes sparse tensors dense, one after the other, within the memory that is left.
class SparseTensors {
 public:
  explicit SparseTensors(uint64_t most_bytes) : left_(most_bytes) {}

  void make_dense(onnx::GraphProto& graph) {
    for (const auto& sparse : graph.sparse_initializer()) *graph.add_initializer() = dense(sparse);
    graph.clear_sparse_initializer();
  }

  void make_dense(onnx::NodeProto& node) {
    if (node.op_type() != "Constant") return;
    for (auto& attribute : *node.mutable_attribute()) {
      if (!attribute.has_sparse_tensor()) continue;
      *attribute.mutable_t() = dense(attribute.sparse_tensor());
      attribute.clear_sparse_tensor();
      attribute.set_name("value");
      attribute.set_type(onnx::AttributeProto::TENSOR);
    }
  }

 private:
  onnx::TensorProto dense(const onnx::SparseTensorProto& sparse) {
    onnx::TensorProto result = graph::make_dense(sparse, left_);
    left_ -= result.raw_data().size();
    return result;
  }

  uint64_t left_;
};

/// Inputs that an operator must be given although it lets both be empty: ONNX counts them.
int least_inputs(const onnx::NodeProto& node) { return node.op_type() == "Loop" ? 2 : 0; }

void cut_empty_names(google::protobuf::RepeatedPtrField<std::string>& names, int least) {
  while (names.size() > least && names[names.size() - 1].empty()) names.RemoveLast();
}

/// Of a node or an entry of the operator sets; a field that is not set stays so.
template <typename Message>
void shorten_domain(Message& message) {
  if (message.domain() == kLongDefaultDomain) message.clear_domain();
}

/// Two entries for the default operator set, by its two names, become one.
template <typename OpsetImports>
void shorten_domains(OpsetImports& imports) {
  OpsetImports kept;
  std::unordered_set<std::string> known;
  for (auto& opset : imports) {
    shorten_domain(opset);
    const std::string key = opset.domain() + '\n' + std::to_string(opset.version());
    if (known.insert(key).second) kept.Add()->Swap(&opset);
  }
  imports.Swap(&kept);
}

void keep_last_of_each_name(onnx::GraphProto& graph) {
  std::unordered_set<std::string> names;
  for (const auto& constant : graph.initializer()) names.insert(constant.name());
  if (names.size() == static_cast<size_t>(graph.initializer_size())) return;
  auto& constants = *graph.mutable_initializer();
  google::protobuf::RepeatedPtrField<onnx::TensorProto> last;
  for (int i = constants.size(); i-- > 0;) {
    if (names.erase(constants[i].name()) > 0) last.Add()->Swap(&constants[i]);
  }
  constants.Clear();
  for (int i = last.size(); i-- > 0;) constants.Add()->Swap(&last[i]);
}

}  // namespace

bool normalize(onnx::ModelProto& model, uint64_t most_bytes) {
  // Whatever is rewritten gets longer or shorter.
  const size_t size = model.ByteSizeLong();
  SparseTensors sparse(most_bytes);
  for_each_graph(model, [&](onnx::GraphProto& graph) {
    sparse.make_dense(graph);
    keep_last_of_each_name(graph);
  });
  for_each_node(model, [&](onnx::NodeProto& node) {
    sparse.make_dense(node);
    cut_empty_names(*node.mutable_input(), least_inputs(node));
    // A node of which nothing is read at all still needs an output.
    cut_empty_names(*node.mutable_output(), 1);
    shorten_domain(node);
  });
  shorten_domains(*model.mutable_opset_import());
  for (auto& function : *model.mutable_functions())
    shorten_domains(*function.mutable_opset_import());
  return model.ByteSizeLong() != size;
}

}  // namespace rangefinder::graph
