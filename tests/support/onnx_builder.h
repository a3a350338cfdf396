#pragma once

#include <onnx/onnx_pb.h>

#include <cmath>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace rangefinder::test_support {

/// Writes small ONNX models in tests.
///
///   OnnxBuilder b;
///   b.input("x", {-1, 3, 8, 8});
///   b.weights("w", {4, 3, 3, 3});
///   b.node("Conv", {"x", "w"}, {"y"}).ints("pads", {1, 1, 1, 1});
///   b.output("y", {-1, 4, 8, 8});
///   std::string bytes = b.bytes();
class OnnxBuilder {
 public:
  /// A node that was added, to hang attributes on.
  class Node {
   public:
    explicit Node(onnx::NodeProto* node) : node_(node) {}
    Node& integer(const std::string& name, int64_t value) {
      attribute(name, onnx::AttributeProto::INT)->set_i(value);
      return *this;
    }
    Node& real(const std::string& name, float value) {
      attribute(name, onnx::AttributeProto::FLOAT)->set_f(value);
      return *this;
    }
    Node& ints(const std::string& name, const std::vector<int64_t>& values) {
      auto* to = attribute(name, onnx::AttributeProto::INTS);
      for (const int64_t value : values) to->add_ints(value);
      return *this;
    }
    Node& graph(const std::string& name, onnx::GraphProto body) {
      *attribute(name, onnx::AttributeProto::GRAPH)->mutable_g() = std::move(body);
      return *this;
    }
    Node& tensor(const std::string& name, onnx::TensorProto value) {
      *attribute(name, onnx::AttributeProto::TENSOR)->mutable_t() = std::move(value);
      return *this;
    }
    onnx::NodeProto& proto() { return *node_; }

   private:
    onnx::AttributeProto* attribute(const std::string& name,
                                    onnx::AttributeProto::AttributeType type) {
      auto* attribute = node_->add_attribute();
      attribute->set_name(name);
      attribute->set_type(type);
      return attribute;
    }
    onnx::NodeProto* node_;
  };

  explicit OnnxBuilder(int64_t opset = 13) {
    model_.set_ir_version(8);
    model_.add_opset_import()->set_version(opset);
    graph().set_name("test");
  }

  /// An operator set beside that of ONNX.
  void import(const std::string& domain, int64_t version = 1) {
    auto* opset = model_.add_opset_import();
    opset->set_domain(domain);
    opset->set_version(version);
  }

  /// Dimensions of -1 are open ("N", "d1", ...).
  void input(const std::string& name, const std::vector<int64_t>& shape,
             int32_t type = onnx::TensorProto::FLOAT) {
    describe(graph().add_input(), name, shape, type);
  }
  void output(const std::string& name, const std::vector<int64_t>& shape,
              int32_t type = onnx::TensorProto::FLOAT) {
    describe(graph().add_output(), name, shape, type);
  }

  void initializer(const std::string& name, const std::vector<int64_t>& shape,
                   const std::vector<float>& values) {
    *graph().add_initializer() = float_tensor(name, shape, values);
  }
  void initializer(const std::string& name, const std::vector<int64_t>& shape,
                   const std::vector<int64_t>& values) {
    auto* tensor = graph().add_initializer();
    tensor->set_name(name);
    tensor->set_data_type(onnx::TensorProto::INT64);
    for (const int64_t d : shape) tensor->add_dims(d);
    for (const int64_t value : values) tensor->add_int64_data(value);
  }
  /// Values that vary in sign and size, the same each time: a weyl sequence around zero.
  void weights(const std::string& name, const std::vector<int64_t>& shape, float scale = 1) {
    int64_t count = 1;
    for (const int64_t d : shape) count *= d;
    std::vector<float> values;
    for (int64_t i = 0; i < count; ++i) {
      const double x = 0.6180339887498949 * static_cast<double>(i + 1);
      values.push_back(scale * static_cast<float>(2 * (x - std::floor(x)) - 1));
    }
    initializer(name, shape, values);
  }

  Node node(const std::string& type, const std::vector<std::string>& inputs,
            const std::vector<std::string>& outputs) {
    auto* node = graph().add_node();
    node->set_op_type(type);
    node->set_name(type + "_" + outputs.front());
    for (const auto& name : inputs) node->add_input(name);
    for (const auto& name : outputs) node->add_output(name);
    return Node(node);
  }

  static onnx::TensorProto float_tensor(const std::string& name, const std::vector<int64_t>& shape,
                                        const std::vector<float>& values) {
    onnx::TensorProto tensor;
    tensor.set_name(name);
    tensor.set_data_type(onnx::TensorProto::FLOAT);
    for (const int64_t d : shape) tensor.add_dims(d);
    for (const float value : values) tensor.add_float_data(value);
    return tensor;
  }

  onnx::GraphProto& graph() { return *model_.mutable_graph(); }
  onnx::ModelProto& model() { return model_; }
  std::string bytes() const { return model_.SerializeAsString(); }

 private:
  static void describe(onnx::ValueInfoProto* info, const std::string& name,
                       const std::vector<int64_t>& shape, int32_t type) {
    info->set_name(name);
    auto* tensor = info->mutable_type()->mutable_tensor_type();
    tensor->set_elem_type(type);
    auto* to = tensor->mutable_shape();
    for (size_t i = 0; i < shape.size(); ++i) {
      if (shape[i] >= 0) {
        to->add_dim()->set_dim_value(shape[i]);
      } else {
        to->add_dim()->set_dim_param(i == 0 ? "N" : "d" + std::to_string(i));
      }
    }
  }

  onnx::ModelProto model_;
};

}  // namespace rangefinder::test_support
