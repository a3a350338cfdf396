#pragma once

#include <onnx/onnx_pb.h>

#include <string>
#include <vector>

namespace rangefinder::analysis {

/// What a kernel is to a network whose nodes it may compute.
enum class KernelPart {
  /// It computes some of its nodes: KernelNodes::nodes.
  kNodes,
  /// Between real values and codes.
  kCodes,
  /// From one order in memory to another.
  kLayout,
  /// Nobody knows.
  kUnknown,
};

/// One kernel of an optimized model.
struct KernelNodes {
  /// As the optimized model calls it.
  std::string name = {};
  std::string op_type = {};
  KernelPart part = KernelPart::kUnknown;
  /// Places of the network's nodes, in its order.
  std::vector<int> nodes = {};
};

/// Finds out which nodes of a network each kernel of a model computes that ONNX Runtime made of it:
/// of the network itself, or of its quantized form.
///
/// By tensors, which keep their names where nodes lose them: a kernel computes what lies between
/// the tensors that it makes and the nearest before them that a kernel makes, too. What stands for
/// a tensor - its codes, the same in another layout - counts as that tensor. Where tensors have
/// other names, a node's name tells. A node that no kernel makes is nobody's: it is a constant, was
/// folded into some, or fell away.
///
/// `model`: before it was optimized. Cost: linear in nodes and reads.
std::vector<KernelNodes> kernel_nodes(const onnx::GraphProto& network,
                                      const onnx::GraphProto& model,
                                      const onnx::GraphProto& optimized);

}  // namespace rangefinder::analysis
