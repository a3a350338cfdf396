#pragma once

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

namespace rangefinder::graph {

/// Names that are taken, of nodes and tensors alike, and new ones beside them.
///
/// Cost: a constant number of look-ups a name, also when thousands of nodes ask for the same one.
class Names {
 public:
  void add(const std::string& name) { taken_.insert(name); }
  /// Every name of a graph and of the bodies in it, where a name from outside would be hidden.
  void add_all(const onnx::GraphProto& graph);
  bool contains(const std::string& name) const { return taken_.contains(name); }

  /// Takes `wanted`, or else `wanted` with the first number from 1 on that is free.
  std::string take(const std::string& wanted);

 private:
  std::unordered_set<std::string> taken_;
  /// The last number given to each name that was asked for again; those up to it are taken.
  std::unordered_map<std::string, uint64_t> last_number_;
};

/// `wanted`, or `wanted` with the first number and a point with which no name of the graph or of a
/// body in it starts.
std::string unused_prefix(const onnx::GraphProto& graph, std::string_view wanted);

}  // namespace rangefinder::graph
