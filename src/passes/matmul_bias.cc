#include "passes/matmul_bias.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "graph/constants.h"
#include "graph/graph.h"

namespace rangefinder::passes {
namespace {

class Writer {
 public:
  Writer(graph::Graph& graph, TensorInfos& infos) : graph_(graph), infos_(infos) {}

  void write(onnx::NodeProto& matmul) {
    if (!is_product(matmul)) return;
    onnx::NodeProto& add = *graph_.uses(matmul.output(0)).front().node;
    const auto bias = bias_of(matmul, add);
    if (!bias) return;
    const std::string output = add.output(0);
    const std::string name = add.name();
    const tensor::Shape shape = *infos_.at(output).shape;
    const std::string product = matmul.output(0);
    infos_[product].shape = tensor::Shape{-1, shape.back()};
    graph_.remove_node(add);
    matmul.set_op_type("Gemm");
    graph_.set_input(matmul, 0, rows_of(matmul.input(0)));
    matmul.add_input("");
    graph_.set_input(matmul, 2, *bias);
    graph_.add_node("Reshape", name, {product, constant(output, shape)}, {output});
  }

 private:
  std::optional<tensor::Shape> known_shape(const std::string& tensor) const {
    const auto found = infos_.find(tensor);
    if (found == infos_.end() || !found->second.shape || !is_float(infos_, tensor)) return {};
    const auto& shape = *found->second.shape;
    const bool is_known = std::all_of(shape.begin(), shape.end(), [](int64_t d) { return d > 0; });
    return is_known ? found->second.shape : std::nullopt;
  }

  bool is_product(const onnx::NodeProto& node) const {
    if (node.op_type() != "MatMul" || !node.domain().empty()) return false;
    if (graph_.initializer(node.input(0)) != nullptr) return false;
    const auto shape = known_shape(node.input(0));
    const auto* weight = graph_.initializer(node.input(1));
    return shape && shape->size() > 2 && weight != nullptr && weight->dims_size() == 2 &&
           graph_.is_private(node.output(0));
  }

  /// The constant row as a Gemm takes it.
  std::optional<std::string> bias_of(const onnx::NodeProto& matmul, const onnx::NodeProto& add) {
    if (add.op_type() != "Add" || !add.domain().empty() || add.input(0) == add.input(1)) return {};
    const auto shape = known_shape(add.output(0));
    const std::string& name = add.input(add.input(0) == matmul.output(0) ? 1 : 0);
    const auto* row = graph_.initializer(name);
    if (!shape || row == nullptr || row->data_type() != onnx::TensorProto::FLOAT) return {};
    const int rank = row->dims_size();
    if (rank == 0 || rank > static_cast<int>(shape->size()) ||
        row->dims(rank - 1) != shape->back() ||
        !std::all_of(row->dims().begin(), row->dims().end() - 1, [](auto d) { return d == 1; })) {
      return {};
    }
    if (rank == 1) return name;
    const auto values = graph::read_constant(*row);
    return graph_.add_initializer(
        graph::make_floats(graph_.fresh_name(name + "_row"), {shape->back()}, values.floats()));
  }

  /// The tensor as a matrix; one for all that read it.
  std::string rows_of(const std::string& tensor) {
    const auto known = rows_.find(tensor);
    if (known != rows_.end()) return known->second;
    const std::string rows = graph_.fresh_name(tensor + "_rows");
    const tensor::Shape shape = {-1, infos_.at(tensor).shape->back()};
    infos_[rows] = {infos_.at(tensor).type, shape};
    graph_.add_node("Reshape", graph_.fresh_name(rows + "_Reshape"),
                    {tensor, constant(rows, shape)}, {rows});
    return rows_[tensor] = rows;
  }

  std::string constant(const std::string& tensor, const tensor::Shape& shape) {
    return graph_.add_initializer(graph::make_int64s(graph_.fresh_name(tensor + "_shape"), shape));
  }

  graph::Graph& graph_;
  TensorInfos& infos_;
  std::map<std::string, std::string> rows_;
};

}  // namespace

void write_matmul_bias_as_gemm(onnx::ModelProto& model, TensorInfos& infos) {
  graph::Graph graph(model);
  Writer writer(graph, infos);
  const int count = graph.message().node_size();
  for (int i = 0; i < count; ++i) writer.write(*graph.message().mutable_node(i));
  graph.finish();
}

}  // namespace rangefinder::passes
