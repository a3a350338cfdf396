#pragma once

#include <onnx/onnx_pb.h>

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "graph/names.h"
#include "tensor/element_type.h"
#include "tensor/tensor.h"

namespace rangefinder::graph {

/// One place where a node reads a tensor.
struct Use {
  onnx::NodeProto* node;
  int input;
};

/// Who makes and who reads each tensor of a model's main graph, and edits that keep that known.
///
/// Works on the message in place. Node pointers stay valid until the node is removed; removals
/// take effect in finish(). Bodies of If and Loop are not opened: a tensor that they read from
/// outside counts as used by a body. For one thread at a time, looking included.
///
/// Cost: what an edit touches, also where thousands of nodes read one tensor; nothing of it grows
/// with the square of a model.
class Graph {
 public:
  explicit Graph(onnx::ModelProto& model);

  onnx::GraphProto& message() { return *model_.mutable_graph(); }
  onnx::ModelProto& model() { return model_; }

  /// The node that makes the tensor; null for inputs, initializers and unknown names.
  onnx::NodeProto* producer(const std::string& tensor) const;
  /// Every read of the tensor by a node of the main graph, in graph order. Valid until the next
  /// edit.
  const std::vector<Use>& uses(const std::string& tensor) const;
  /// The initializer of that name, or null.
  const onnx::TensorProto* initializer(const std::string& tensor) const;
  bool is_input(const std::string& tensor) const { return inputs_.contains(tensor); }
  bool is_output(const std::string& tensor) const { return outputs_.contains(tensor); }
  bool is_used_by_body(const std::string& tensor) const { return body_uses_.contains(tensor); }
  /// Read exactly once, by a node of the main graph, and not a graph output.
  bool is_private(const std::string& tensor) const;

  /// A tensor or node name that is not taken: `wanted`, or `wanted` with a number.
  std::string fresh_name(const std::string& wanted);

  onnx::NodeProto& add_node(std::string_view op_type, const std::string& name,
                            const std::vector<std::string>& inputs,
                            const std::vector<std::string>& outputs, std::string_view domain = "");
  /// Adds (or replaces) an initializer; returns its name.
  std::string add_initializer(onnx::TensorProto constant);
  /// Makes this input of the node read another tensor.
  void set_input(onnx::NodeProto& node, int input, const std::string& tensor);
  /// Gives the tensor that `node` makes at this output another name; its readers do not follow.
  void rename_output(onnx::NodeProto& node, int output, const std::string& tensor);
  /// Takes the node out; its outputs must no longer be read.
  void remove_node(onnx::NodeProto& node);
  /// Reads of `from` by nodes and bodies become reads of `to`.
  void redirect_uses(const std::string& from, const std::string& to);

  /// Takes out every node whose outputs nobody reads, and then those that only fed such nodes.
  void remove_unread();

  /// Drops removed nodes and unread initializers that are no inputs, and sorts nodes so that each
  /// comes after what it reads. Pointers and this index are invalid afterwards.
  void finish();

 private:
  /// The reads of one tensor. Edits only note that some have gone: who reads a tensor that many
  /// read is looked through once for all of them, when somebody asks.
  struct Reads {
    std::vector<Use> uses;
    bool has_stale = false;
  };

  void index_node(onnx::NodeProto& node);
  void mark_stale(const std::string& tensor);
  void drop_stale(const std::string& tensor, Reads& reads) const;
  bool is_read(const std::string& tensor) const;

  onnx::ModelProto& model_;
  std::unordered_map<std::string, onnx::NodeProto*> producers_;
  mutable std::unordered_map<std::string, Reads> uses_;
  std::unordered_map<std::string, int> initializers_;
  std::unordered_set<std::string> inputs_;
  std::unordered_set<std::string> outputs_;
  /// The nodes whose bodies read a tensor.
  std::unordered_map<std::string, std::vector<onnx::NodeProto*>> body_uses_;
  Names names_;
  std::unordered_set<const onnx::NodeProto*> removed_;
};

/// What a node without a name is called: its operator and its first output.
std::string default_name(const onnx::NodeProto& node);

/// Gives every node of the main graph a name of its own. The first node of each name keeps it.
void name_nodes(onnx::ModelProto& model);

/// Names that the bodies held by `node` read from outside.
std::vector<std::string> outer_reads(const onnx::NodeProto& node);

/// A tensor as a graph declares its inputs and outputs; dimensions below 0 are left open, and
/// without a shape the rank is.
onnx::ValueInfoProto value_info(const std::string& name, tensor::ElementType type,
                                const std::optional<tensor::Shape>& shape);

/// What a node reads: its inputs as far as they are there, then outer_reads().
std::vector<std::string> reads_of(const onnx::NodeProto& node);

}  // namespace rangefinder::graph
