#include "passes/origins.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "graph/attributes.h"
#include "graph/graph.h"

// Optimization keeps the name of a tensor that it keeps, and little else: nodes are replaced by
// others with new names, or go. So tensors are the thread that leads from a node of the file to
// what computes in its place:
//
//   file      x -MatMul-> l -Add-> h -Identity-> i -Relu-> r
//   prepared  x ---------Gemm----> h ----------------Relu-> r
//
// Add made h, which Gemm makes now. MatMul made l, which is gone; its first reader that is known,
// Add, is another operator now: MatMul went into it. Identity made i, which is gone; its reader
// Relu is what it was and reads h in its place: Identity did nothing, and stands for Gemm.

namespace rangefinder::passes {
namespace {

/// The node without tensors and bodies, whose values can be large; what a body reads from outside
/// is read behind the inputs.
void copy_skeleton(const onnx::NodeProto& node, onnx::NodeProto& copy) {
  copy.set_name(node.name());
  copy.set_op_type(node.op_type());
  copy.set_domain(node.domain());
  *copy.mutable_output() = node.output();
  *copy.mutable_input() = node.input();
  for (const auto& name : graph::outer_reads(node)) copy.add_input(name);
  for (const auto& attribute : node.attribute()) {
    if (attribute.has_t() || attribute.has_g() || attribute.has_sparse_tensor()) continue;
    if (attribute.tensors_size() + attribute.graphs_size() > 0) continue;
    *copy.add_attribute() = attribute;
  }
}

/// Gives its input, whatever that is.
bool does_nothing(const onnx::NodeProto& node) {
  return node.input_size() > 0 && (node.op_type() == "Identity" || node.op_type() == "Dropout");
}

void collect_names(const onnx::GraphProto& body, std::unordered_set<std::string>& names) {
  for (const auto& node : body.node()) {
    names.insert(node.name());
    names.insert(node.output().begin(), node.output().end());
    graph::for_each_subgraph(node,
                             [&](const onnx::GraphProto& inner) { collect_names(inner, names); });
  }
}

bool has_equal_value(const onnx::AttributeProto& left, const onnx::AttributeProto& right) {
  const auto equal = [](const auto& a, const auto& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end());
  };
  return left.i() == right.i() && left.f() == right.f() && left.s() == right.s() &&
         equal(left.ints(), right.ints()) && equal(left.floats(), right.floats());
}

/// What optimization writes into an operator when it takes a neighbour in.
bool takes_a_neighbour_in(const onnx::NodeProto& node) {
  const auto pads = graph::ints_attribute(node, "pads");
  return graph::int_attribute(node, "transA", 0) != 0 ||
         graph::int_attribute(node, "transB", 0) != 0 ||
         std::any_of(pads.begin(), pads.end(), [](int64_t pad) { return pad != 0; });
}

/// True if the prepared node does something else than the original one did.
bool has_changed(const onnx::NodeProto& original, const onnx::NodeProto& prepared) {
  if (original.op_type() != prepared.op_type()) return true;
  for (const auto& attribute : original.attribute()) {
    const auto* now = graph::find_attribute(prepared, attribute.name());
    if (now != nullptr && !has_equal_value(attribute, *now)) return true;
  }
  return takes_a_neighbour_in(prepared) && !takes_a_neighbour_in(original);
}

/// Finds prepared nodes by what they make and how they are called.
class PreparedIndex {
 public:
  PreparedIndex(const onnx::GraphProto& original, const onnx::GraphProto& prepared)
      : graph_(prepared) {
    for (const auto& input : original.input()) file_tensors_.insert(input.name());
    for (const auto& node : original.node()) {
      file_tensors_.insert(node.output().begin(), node.output().end());
    }
    for (const auto& constant : prepared.initializer()) constants_.insert(constant.name());
    for (int i = 0; i < prepared.node_size(); ++i) {
      names_.emplace(prepared.node(i).name(), i);
      for (const auto& output : prepared.node(i).output()) makers_.emplace(output, i);
    }
  }

  bool is_constant(const std::string& tensor) const { return constants_.contains(tensor); }
  const onnx::NodeProto& node(int place) const { return graph_.node(place); }

  std::optional<int> maker(const std::string& tensor) const {
    const auto found = makers_.find(tensor);
    if (tensor.empty() || found == makers_.end()) return std::nullopt;
    return found->second;
  }

  std::optional<int> named(const std::string& name, const std::string& op_type) const {
    const auto found = names_.find(name);
    if (found == names_.end() || graph_.node(found->second).op_type() != op_type) {
      return std::nullopt;
    }
    return found->second;
  }

  /// Adds the node, and those that make what it reads as long as the file does not know it.
  void add_with_helpers(int place, std::vector<int>& nodes) const {
    const auto known = [&](int i) {
      return std::find(nodes.begin(), nodes.end(), i) != nodes.end();
    };
    if (known(place)) return;
    nodes.push_back(place);
    for (size_t next = nodes.size() - 1; next < nodes.size(); ++next) {
      for (const auto& input : graph_.node(nodes[next]).input()) {
        const auto helper = maker(input);
        if (helper && !file_tensors_.contains(input) && !known(*helper)) nodes.push_back(*helper);
      }
    }
  }

 private:
  const onnx::GraphProto& graph_;
  /// Made by nodes or handed in, in the file.
  std::unordered_set<std::string> file_tensors_;
  std::unordered_set<std::string> constants_;
  std::unordered_map<std::string, int> makers_;
  std::unordered_map<std::string, int> names_;
};

class Tracer {
 public:
  Tracer(const onnx::GraphProto& original, onnx::GraphProto& prepared)
      : original_(original), prepared_(prepared), index_(original, prepared) {
    const auto count = static_cast<size_t>(original.node_size());
    became_.resize(count);
    fates_.resize(count, Fate::kUnused);
    for (const auto& constant : original.initializer()) constants_.insert(constant.name());
    for (int i = 0; i < original.node_size(); ++i) {
      const onnx::NodeProto& node = original.node(i);
      ++name_counts_[node.name()];
      for (const auto& output : node.output()) makers_.emplace(output, i);
      for (int k = 0; k < node.input_size(); ++k) readers_[node.input(k)].push_back({i, k});
    }
  }

  void run(std::vector<OriginalNode>& nodes) {
    for (int i = 0; i < original_.node_size(); ++i) find_itself(i);
    std::unordered_map<int, Reader> first_readers;
    for (int i = original_.node_size(); i-- > 0;) find_first_reader(i, first_readers);
    for (int i = 0; i < original_.node_size(); ++i) {
      const auto reader = first_readers.find(i);
      if (reader != first_readers.end()) follow(i, reader->second);
    }
    give_users_names();
    for (size_t i = 0; i < nodes.size(); ++i) {
      nodes[i].fate = fates_[i];
      for (const int place : became_[i]) nodes[i].became.push_back(index_.node(place).name());
    }
  }

 private:
  struct Reader {
    int node;
    int input;
  };

  std::vector<int>& became(int node) { return became_[static_cast<size_t>(node)]; }
  Fate& fate(int node) { return fates_[static_cast<size_t>(node)]; }

  /// A node whose name or tensors are still there, or all of whose inputs are constants.
  void find_itself(int i) {
    const onnx::NodeProto& node = original_.node(i);
    if (name_counts_.at(node.name()) == 1) {
      if (const auto place = index_.named(node.name(), node.op_type())) {
        index_.add_with_helpers(*place, became(i));
      }
    }
    for (const auto& output : node.output()) {
      if (const auto place = index_.maker(output)) index_.add_with_helpers(*place, became(i));
    }
    if (!became(i).empty()) {
      fate(i) = Fate::kPrepared;
      return;
    }
    const auto is_constant = [&](const std::string& tensor) {
      return tensor.empty() || constants_.contains(tensor);
    };
    const auto& outputs = node.output();
    const bool is_known =
        std::any_of(outputs.begin(), outputs.end(),
                    [&](const std::string& output) { return index_.is_constant(output); });
    if (!is_known && !std::all_of(node.input().begin(), node.input().end(), is_constant)) return;
    fate(i) = Fate::kConstant;
    constants_.insert(outputs.begin(), outputs.end());
  }

  /// Of a node that is gone: the first node behind it that is not, and where that one read. Nodes
  /// are visited from the back, so that those behind it are done.
  void find_first_reader(int i, std::unordered_map<int, Reader>& first_readers) {
    if (fate(i) != Fate::kUnused) return;
    bool was_constant = false;
    for (const auto& output : original_.node(i).output()) {
      for (const Reader& reader : readers_[output]) {
        const auto further = first_readers.find(reader.node);
        if (fate(reader.node) == Fate::kPrepared) {
          first_readers[i] = reader;
          return;
        }
        if (further != first_readers.end()) {
          first_readers[i] = Reader(further->second);
          return;
        }
        was_constant = was_constant || fate(reader.node) == Fate::kConstant;
      }
    }
    if (was_constant) fate(i) = Fate::kConstant;
  }

  /// Into its reader, or, if that reads something of the file in its place, into what made that.
  /// Nodes are visited from the front: those before are done.
  void follow(int i, const Reader& reader) {
    const onnx::NodeProto& node = original_.node(i);
    const onnx::NodeProto& now = index_.node(became(reader.node).front());
    became(i) = became(reader.node);
    fate(i) = Fate::kPrepared;
    if (does_nothing(node)) {
      stand_for_maker(i, node.input(0));
      return;
    }
    if (has_changed(original_.node(reader.node), now) || reader.input >= now.input_size()) return;
    const std::string& read = now.input(reader.input);
    if (index_.is_constant(read)) {
      became(i).clear();
      fate(i) = Fate::kConstant;
    }
    stand_for_maker(i, read);
  }

  void stand_for_maker(int i, const std::string& tensor) {
    const auto maker = makers_.find(tensor);
    if (maker != makers_.end() && !became(maker->second).empty()) {
      became(i) = became(maker->second);
    }
  }

  void give_users_names() {
    std::unordered_set<std::string> taken;
    for (const auto& node : prepared_.node()) taken.insert(node.name());
    std::unordered_map<int, std::string> names;
    for (const bool weighted : {true, false}) {
      for (int i = 0; i < original_.node_size(); ++i) {
        const onnx::NodeProto& node = original_.node(i);
        if (became(i).empty() || node.name().empty()) continue;
        const int place = became(i).front();
        const bool fits =
            weighted ? graph::has_weight_operator(node.op_type()) : makes_output_of(node, place);
        if (fits && !name_counts_.contains(index_.node(place).name()) &&
            !taken.contains(node.name()) && names.try_emplace(place, node.name()).second) {
          taken.insert(node.name());
        }
      }
    }
    for (const auto& [place, name] : names) prepared_.mutable_node(place)->set_name(name);
  }

  bool makes_output_of(const onnx::NodeProto& node, int place) const {
    return node.output_size() > 0 && index_.maker(node.output(0)) == place;
  }

  const onnx::GraphProto& original_;
  onnx::GraphProto& prepared_;
  PreparedIndex index_;
  /// By place in the file: places in the prepared graph.
  std::vector<std::vector<int>> became_;
  std::vector<Fate> fates_;
  std::unordered_map<std::string, int> name_counts_;
  std::unordered_map<std::string, int> makers_;
  std::unordered_map<std::string, std::vector<Reader>> readers_;
  std::unordered_set<std::string> constants_;
};

}  // namespace

Origins::Origins(const onnx::GraphProto& original) {
  for (const auto& input : original.input()) skeleton_.add_input()->set_name(input.name());
  for (const auto& constant : original.initializer()) {
    skeleton_.add_initializer()->set_name(constant.name());
  }
  for (const auto& node : original.node()) {
    copy_skeleton(node, *skeleton_.add_node());
    std::string name = node.name();
    if (name.empty()) name = graph::default_name(node);
    nodes_.push_back({name, node.op_type(), {node.output().begin(), node.output().end()}});
    graph::for_each_subgraph(
        node, [this](const onnx::GraphProto& body) { collect_names(body, in_bodies_); });
  }
  in_bodies_.erase("");
}

void Origins::trace(onnx::GraphProto& prepared) { Tracer(skeleton_, prepared).run(nodes_); }

}  // namespace rangefinder::passes
