#include "graph/sort.h"

#include <functional>
#include <queue>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/error.h"
#include "graph/graph.h"

namespace rangefinder::graph {
namespace {

/// Node indices so that each comes after the nodes it reads from, ties in the present order.
std::vector<int> sorted_order(const onnx::GraphProto& graph) {
  std::unordered_map<std::string, int> makers;
  for (int i = 0; i < graph.node_size(); ++i) {
    for (const auto& output : graph.node(i).output()) makers[output] = i;
  }
  const auto count = static_cast<size_t>(graph.node_size());
  std::vector<std::vector<int>> readers(count);
  std::vector<int> waits(count, 0);
  for (int i = 0; i < graph.node_size(); ++i) {
    std::vector<std::string> reads(graph.node(i).input().begin(), graph.node(i).input().end());
    for (const auto& name : outer_reads(graph.node(i))) reads.push_back(name);
    for (const auto& name : reads) {
      const auto maker = makers.find(name);
      if (name.empty() || maker == makers.end()) continue;
      readers[static_cast<size_t>(maker->second)].push_back(i);
      ++waits[static_cast<size_t>(i)];
    }
  }
  std::priority_queue<int, std::vector<int>, std::greater<>> ready;
  for (size_t i = 0; i < count; ++i) {
    if (waits[i] == 0) ready.push(static_cast<int>(i));
  }
  std::vector<int> order;
  while (!ready.empty()) {
    const int node = ready.top();
    ready.pop();
    order.push_back(node);
    for (const int reader : readers[static_cast<size_t>(node)]) {
      if (--waits[static_cast<size_t>(reader)] == 0) ready.push(reader);
    }
  }
  if (order.size() != count) throw Error("the graph has a cycle");
  return order;
}

}  // namespace

void sort_nodes(onnx::GraphProto& graph) {
  google::protobuf::RepeatedPtrField<onnx::NodeProto> sorted;
  for (const int i : sorted_order(graph)) sorted.Add()->Swap(graph.mutable_node(i));
  graph.mutable_node()->Swap(&sorted);
}

}  // namespace rangefinder::graph
