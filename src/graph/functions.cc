#include "graph/functions.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <unordered_map>

#include "base/error.h"
#include "graph/attributes.h"

namespace rangefinder::graph {
namespace {

/// What a piece of a model is once no function is called in it any more.
struct Extent {
  uint64_t nodes = 0;
  int depth = 0;
};

/// Measures functions by those that they call, each once. Depth is what recursion here stands on,
/// too: it is checked on the way down.
class Functions {
 public:
  explicit Functions(const onnx::ModelProto& model) {
    for (const auto& function : model.functions()) {
      const std::string key = function.domain() + '\n' + function.name();
      if (!functions_.emplace(key, &function).second) fail(function, "is defined twice");
    }
  }

  template <typename Nodes>
  Extent measure(const Nodes& nodes, int level) {
    Extent total;
    for (const auto& node : nodes) {
      add(total, measure_call(node, level));
      for_each_subgraph(
          node, [&](const onnx::GraphProto& body) { add(total, measure(body.node(), level)); });
    }
    return total;
  }

 private:
  [[noreturn]] static void fail(const onnx::FunctionProto& function, const std::string& message) {
    throw Error("the function " + message, {.node = function.name()});
  }

  static void add(Extent& total, const Extent& part) {
    total.nodes = std::min(total.nodes + part.nodes, kMostNodes + 1);
    total.depth = std::max(total.depth, part.depth);
  }

  /// One node: itself, or what the function is that it calls.
  Extent measure_call(const onnx::NodeProto& node, int level) {
    const std::string key = node.domain() + '\n' + node.op_type();
    const auto found = functions_.find(key);
    if (found == functions_.end()) return {.nodes = 1, .depth = 0};
    const onnx::FunctionProto& function = *found->second;
    const auto [known, is_new] = measured_.try_emplace(key, Extent{.nodes = 0, .depth = -1});
    if (is_new) {
      if (level == kDeepestCalls) {
        fail(function, fmt::format("is called more than {} calls deep", kDeepestCalls));
      }
      Extent extent = measure(function.node(), level + 1);
      ++extent.depth;
      measured_[key] = extent;
    } else if (known->second.depth < 0) {
      fail(function, "calls itself");
    }
    const Extent extent = measured_[key];
    if (level + extent.depth > kDeepestCalls) {
      fail(function, fmt::format("calls others more than {} calls deep", kDeepestCalls));
    }
    if (extent.nodes > kMostNodes) {
      fail(function, fmt::format("has more than {} nodes once the functions that it calls are "
                                 "written out",
                                 kMostNodes));
    }
    return extent;
  }

  std::unordered_map<std::string, const onnx::FunctionProto*> functions_;
  /// A depth of -1 marks a function that is being measured.
  std::unordered_map<std::string, Extent> measured_;
};

}  // namespace

void check_functions(const onnx::ModelProto& model) {
  if (model.functions().empty()) return;
  Functions functions(model);
  if (functions.measure(model.graph().node(), 0).nodes > kMostNodes) {
    throw Error(
        fmt::format("has more than {} nodes once its functions are written out", kMostNodes));
  }
  // Those that nobody calls, too: whoever reads the model next may look at them.
  for (const auto& function : model.functions()) functions.measure(function.node(), 0);
}

}  // namespace rangefinder::graph
