// A call is a node whose operator is one of the model's functions. Its nodes are copied in three
// steps: what the function calls its inputs and outputs becomes what the call gives and takes,
// every other tensor gets a fresh name, and references to attributes become the call's own. Calls
// among the copies are then replaced in the same way.

#include "passes/inline_functions.h"

#include <fmt/format.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>

#include <algorithm>
#include <map>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/error.h"
#include "graph/attributes.h"
#include "graph/graph.h"

namespace rangefinder::passes {
namespace {

using Nodes = google::protobuf::RepeatedPtrField<onnx::NodeProto>;
using Attributes = google::protobuf::RepeatedPtrField<onnx::AttributeProto>;
using google::protobuf::internal::WireFormatLite;

/// What no real model comes near; hostile ones double with every function.
constexpr uint64_t kMostBytes = uint64_t{1} << 31;
/// What a node takes in memory beside its own bytes.
constexpr uint64_t kNodeBytes = 512;
constexpr int kDeepest = 100;

// Fields of ONNX 1.13 and 1.16, which the messages of older libraries keep without knowing them.
constexpr int kAttributeDefaults = 11;
constexpr int kFunctionOverload = 13;
constexpr int kNodeOverload = 8;

/// The values of a repeated field of bytes or messages, by its number.
std::vector<std::string> raw_field(const google::protobuf::MessageLite& message, int number) {
  const std::string bytes = message.SerializeAsString();
  google::protobuf::io::CodedInputStream stream(reinterpret_cast<const uint8_t*>(bytes.data()),
                                                static_cast<int>(bytes.size()));
  std::vector<std::string> values;
  while (const uint32_t tag = stream.ReadTag()) {
    const bool wanted =
        WireFormatLite::GetTagFieldNumber(tag) == number &&
        WireFormatLite::GetTagWireType(tag) == WireFormatLite::WIRETYPE_LENGTH_DELIMITED;
    if (wanted) {
      if (!WireFormatLite::ReadBytes(&stream, &values.emplace_back())) break;
    } else if (!WireFormatLite::SkipField(&stream, tag)) {
      break;
    }
  }
  return values;
}

std::string first_or_empty(const std::vector<std::string>& values) {
  return values.empty() ? std::string() : values.front();
}

std::string normal_domain(const std::string& domain) { return domain == "ai.onnx" ? "" : domain; }

/// A function of the model, and what is needed to put it in a call's place.
struct Function {
  const onnx::FunctionProto* proto;
  std::vector<onnx::AttributeProto> defaults;
};

/// Functions of one domain and name, by overload.
using Overloads = std::map<std::string, Function>;
using Functions = std::map<std::pair<std::string, std::string>, Overloads>;

Functions functions_of(const onnx::ModelProto& model) {
  Functions functions;
  for (const onnx::FunctionProto& function : model.functions()) {
    Overloads& overloads = functions[{normal_domain(function.domain()), function.name()}];
    Function& known = overloads[first_or_empty(raw_field(function, kFunctionOverload))];
    known.proto = &function;
    for (const std::string& bytes : raw_field(function, kAttributeDefaults)) {
      if (!known.defaults.emplace_back().ParseFromString(bytes)) known.defaults.pop_back();
    }
  }
  return functions;
}

/// The tensors and attributes of one call, by the names that the function has for them.
class CallNames {
 public:
  CallNames(const onnx::NodeProto& call, const Function& function, graph::Graph& names)
      : call_(call), function_(function), names_(names) {
    const onnx::FunctionProto& proto = *function.proto;
    for (int i = 0; i < proto.input_size(); ++i) {
      tensors_[proto.input(i)] = i < call.input_size() ? call.input(i) : "";
    }
    for (int i = 0; i < std::min(proto.output_size(), call.output_size()); ++i) {
      if (call.output(i).empty()) continue;
      const auto [known, is_new] = tensors_.try_emplace(proto.output(i), call.output(i));
      if (!is_new) copies_.emplace_back(known->second, call.output(i));
    }
  }

  /// Tensors that go through the function as they are: given name, wanted name.
  const std::vector<std::pair<std::string, std::string>>& copies() const { return copies_; }

  /// Makes a node of the function one of the call.
  void adopt(onnx::NodeProto& node) {
    for (std::string& name : *node.mutable_input()) rename(name);
    for (std::string& name : *node.mutable_output()) rename(name);
    // An optional input that the call leaves out is cut off where it is the last one.
    while (node.input_size() > 0 && node.input(node.input_size() - 1).empty()) {
      node.mutable_input()->RemoveLast();
    }
    adopt_attributes(*node.mutable_attribute());
    graph::for_each_subgraph(node, [this](onnx::GraphProto& body) { adopt(body); });
  }

 private:
  void adopt(onnx::GraphProto& body) {
    body.clear_value_info();
    for (auto& input : *body.mutable_input()) rename(*input.mutable_name());
    for (auto& constant : *body.mutable_initializer()) rename(*constant.mutable_name());
    for (onnx::NodeProto& node : *body.mutable_node()) adopt(node);
    for (auto& output : *body.mutable_output()) rename(*output.mutable_name());
  }

  void adopt_attributes(Attributes& attributes) {
    Attributes adopted;
    for (onnx::AttributeProto& attribute : attributes) {
      if (attribute.ref_attr_name().empty()) {
        adopted.Add()->Swap(&attribute);
      } else if (const auto* given = find(attribute.ref_attr_name())) {
        onnx::AttributeProto& own = *adopted.Add();
        own = *given;
        own.set_name(attribute.name());
      }
    }
    attributes.Swap(&adopted);
  }

  /// What the call says, else the function's default; null if the attribute is left out.
  const onnx::AttributeProto* find(const std::string& name) const {
    if (const auto* given = graph::find_attribute(call_, name)) return given;
    const auto found = std::find_if(function_.defaults.begin(), function_.defaults.end(),
                                    [&](const auto& other) { return other.name() == name; });
    return found == function_.defaults.end() ? nullptr : &*found;
  }

  void rename(std::string& name) {
    if (name.empty()) return;
    auto found = tensors_.find(name);
    if (found == tensors_.end()) {
      found = tensors_.emplace(name, names_.fresh_name(call_.name() + "/" + name)).first;
    }
    name = found->second;
  }

  const onnx::NodeProto& call_;
  const Function& function_;
  graph::Graph& names_;
  std::unordered_map<std::string, std::string> tensors_;
  std::vector<std::pair<std::string, std::string>> copies_;
};

bool multiplies_matrix(const onnx::NodeProto& node) {
  static const std::unordered_set<std::string> kTypes = {"Gemm", "MatMul", "Conv",
                                                         "LSTM", "GRU",    "RNN"};
  return normal_domain(node.domain()).empty() && kTypes.contains(node.op_type());
}

/// If one node alone of a call multiplies by a matrix, it takes the call's name.
void name_after_call(Nodes& nodes, int first, const std::string& call) {
  onnx::NodeProto* only = nullptr;
  for (int i = first; i < nodes.size(); ++i) {
    if (!multiplies_matrix(nodes[i])) continue;
    if (only != nullptr) return;
    only = nodes.Mutable(i);
  }
  if (only != nullptr) only->set_name(call);
}

class Inliner {
 public:
  explicit Inliner(onnx::ModelProto& model)
      : functions_(functions_of(model)), names_(model), model_(model) {}

  /// Whether calls were replaced.
  bool run() {
    if (functions_.empty()) return false;
    growth(model_.graph().node(), 0);
    expand(*model_.mutable_graph());
    if (!has_left_) drop_functions();
    return has_replaced_;
  }

 private:
  /// Bytes that replacing the calls among the nodes adds. Each function is measured once, so this
  /// is quick where expand() would not end.
  uint64_t growth(const Nodes& nodes, int depth) {
    uint64_t total = 0;
    for (const onnx::NodeProto& node : nodes) {
      graph::for_each_subgraph(
          node, [&](const onnx::GraphProto& body) { total += growth(body.node(), depth); });
      if (const Function* function = find(node)) total += size(*function, node, depth);
      if (total > kMostBytes) throw Error("local functions come to more than 2 GiB");
    }
    return total;
  }

  uint64_t size(const Function& function, const onnx::NodeProto& call, int depth) {
    if (const auto known = sizes_.find(&function); known != sizes_.end()) return known->second;
    if (depth == kDeepest) {
      throw Error(fmt::format("local functions call each other more than {} deep", kDeepest),
                  {.node = call.name()});
    }
    const Nodes& nodes = function.proto->node();
    const uint64_t own =
        function.proto->ByteSizeLong() + kNodeBytes * static_cast<uint64_t>(nodes.size());
    return sizes_[&function] = own + growth(nodes, depth + 1);
  }

  void expand(onnx::GraphProto& graph) {
    Nodes nodes;
    for (onnx::NodeProto& node : *graph.mutable_node()) append(node, nodes);
    graph.mutable_node()->Swap(&nodes);
  }

  /// Adds the node, or what stands in its place if it is a call.
  void append(onnx::NodeProto& node, Nodes& nodes) {
    graph::for_each_subgraph(node, [this](onnx::GraphProto& body) { expand(body); });
    const Function* function = called(node);
    if (function == nullptr) {
      nodes.Add()->Swap(&node);
      return;
    }
    has_replaced_ = true;
    const int first = nodes.size();
    append_body(node, *function, nodes);
    name_after_call(nodes, first, node.name());
  }

  void append_body(const onnx::NodeProto& call, const Function& function, Nodes& nodes) {
    CallNames names(call, function, names_);
    std::unordered_map<std::string, int> name_counts;
    for (onnx::NodeProto node : function.proto->node()) {
      names.adopt(node);
      std::string name = node.name().empty() ? node.op_type() : node.name();
      // Nameless nodes of one type: their calls must not all ask for the same names.
      if (const int before = name_counts[name]++; before > 0) name += fmt::format("_{}", before);
      node.set_name(call.name() + "/" + name);
      append(node, nodes);
    }
    for (const auto& [given, wanted] : names.copies()) {
      onnx::NodeProto& copy = *nodes.Add();
      copy.set_op_type("Identity");
      copy.set_name(call.name() + "/Identity");
      copy.add_input(given);
      copy.add_output(wanted);
    }
  }

  /// The function that a node calls, or null.
  const Function* find(const onnx::NodeProto& node) const {
    const auto found = functions_.find({normal_domain(node.domain()), node.op_type()});
    if (found == functions_.end()) return nullptr;
    const auto function = found->second.find(first_or_empty(raw_field(node, kNodeOverload)));
    return function == found->second.end() ? nullptr : &function->second;
  }

  /// The same, if the function can be put in the node's place.
  const Function* called(const onnx::NodeProto& node) {
    const Function* function = find(node);
    if (function == nullptr || take_imports(*function->proto)) return function;
    has_left_ = true;
    return nullptr;
  }

  /// Makes the model import what the function does; false if it has other versions.
  bool take_imports(const onnx::FunctionProto& function) {
    for (const auto& needed : function.opset_import()) {
      for (const auto& present : model_.opset_import()) {
        if (normal_domain(present.domain()) == normal_domain(needed.domain()) &&
            present.version() != needed.version()) {
          return false;
        }
      }
    }
    for (const auto& needed : function.opset_import()) {
      const auto same = [&](const auto& present) {
        return normal_domain(present.domain()) == normal_domain(needed.domain());
      };
      if (std::none_of(model_.opset_import().begin(), model_.opset_import().end(), same)) {
        *model_.add_opset_import() = needed;
      }
    }
    return true;
  }

  /// And the operator sets that only they made.
  void drop_functions() {
    std::unordered_set<std::string> domains;
    for (const auto& function : model_.functions()) domains.insert(function.domain());
    for (const auto& node : model_.graph().node()) forget_used(node, domains);
    google::protobuf::RepeatedPtrField<onnx::OperatorSetIdProto> kept;
    for (auto& opset : *model_.mutable_opset_import()) {
      const bool standard = normal_domain(opset.domain()).empty();
      if (standard || !domains.contains(opset.domain())) kept.Add()->Swap(&opset);
    }
    model_.mutable_opset_import()->Swap(&kept);
    model_.clear_functions();
  }

  static void forget_used(const onnx::NodeProto& node, std::unordered_set<std::string>& domains) {
    domains.erase(node.domain());
    graph::for_each_subgraph(node, [&](const onnx::GraphProto& body) {
      for (const auto& inner : body.node()) forget_used(inner, domains);
    });
  }

  Functions functions_;
  /// Made of the model as it was: for fresh names alone.
  graph::Graph names_;
  onnx::ModelProto& model_;
  std::unordered_map<const Function*, uint64_t> sizes_;
  bool has_left_ = false;
  bool has_replaced_ = false;
};

}  // namespace

bool inline_functions(onnx::ModelProto& model) { return Inliner(model).run(); }

}  // namespace rangefinder::passes
