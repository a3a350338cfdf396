#pragma once

#include <onnx/onnx_pb.h>

#include <string>
#include <unordered_set>
#include <vector>

namespace rangefinder::passes {

/// What preparing made of a node of the user's file.
enum class Fate {
  /// It is there, or went into others: see OriginalNode::became.
  kPrepared,
  /// All it makes was known without data.
  kConstant,
  /// Nothing that the model gives needs it.
  kUnused,
};

/// A node of the user's file, by the names that it has there.
struct OriginalNode {
  std::string name;
  std::string op_type;
  std::vector<std::string> outputs;
  Fate fate = Fate::kUnused;
  /// Names of the prepared nodes that it is, or went into; the one that stands for it first.
  std::vector<std::string> became = {};
};

/// Remembers the nodes of a file while the model is rewritten, and then finds them again.
///
/// Made by prepare(), read where a user names nodes and tensors.
class Origins {
 public:
  Origins() = default;
  /// Of the main graph, as the file has it. A node without a name gets that of name_nodes().
  explicit Origins(const onnx::GraphProto& original);

  /// Finds out what each node became. A prepared node without a name of the user's gets one: that
  /// of the weighted node that went into it, or of the one whose output it makes.
  ///
  /// - Who still makes one of the node's tensors, or bears its name, is what it became, and all
  ///   that makes tensors on the way there which the file does not know (a function's body, what
  ///   stands for a HardSwish).
  /// - A node that is gone went into its first reader, if that one is another operator now, has
  ///   other attributes, or reads something new (MatMul into Gemm, Pad and Transpose into what
  ///   follows); else it did nothing, and stands for what made its input (Identity, Dropout).
  /// Cost: linear in nodes and reads.
  void trace(onnx::GraphProto& prepared);

  const std::vector<OriginalNode>& nodes() const { return nodes_; }
  /// Names of nodes, and of what they make, in the bodies of If, Loop and Scan.
  const std::unordered_set<std::string>& in_bodies() const { return in_bodies_; }

 private:
  /// As in the file, without values.
  onnx::GraphProto skeleton_;
  std::vector<OriginalNode> nodes_;
  std::unordered_set<std::string> in_bodies_;
};

}  // namespace rangefinder::passes
