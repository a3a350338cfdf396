#include "workflow/node_times.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <numeric>
#include <span>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "analysis/fusion_check.h"
#include "base/cancellation.h"
#include "base/error.h"
#include "engine/packed_model.h"
#include "engine/pieces.h"
#include "engine/profile.h"
#include "graph/attributes.h"
#include "graph/graph.h"

// ONNX Runtime fuses other nodes in the float model than in the quantized one: Relu stays a kernel
// behind Add there and is nothing but the range of codes here. So times are compared of the
// smallest parts of the network that no kernel of either model crosses:
//
//   network       Conv  Relu | Add  Relu | MaxPool
//   float kernels [      ]    [ ]  [  ]    [     ]
//   int8 kernels  [      ]    [       ]    [     ]
//   told by       Conv         Add         MaxPool

namespace rangefinder::workflow {
namespace {

using analysis::KernelPart;

/// Enough for the least of them; a model that takes seconds is not run longer than its user can
/// bear.
constexpr engine::ProfileOptions kProfile = {.warm_up_runs = 1,
                                             .least_runs = 3,
                                             .most_runs = 11,
                                             .seconds = 2,
                                             .optimization = engine::OptimizationLevel::kNone};

/// A model as ONNX Runtime runs it, with a name for every kernel.
struct Form {
  std::vector<analysis::KernelNodes> kernels;
  engine::ModelSource source;
};

Form form_of(const onnx::GraphProto& network, const engine::ModelSource& model,
             engine::HeldModel optimized) {
  graph::name_nodes(optimized.model);
  return {
      analysis::kernel_nodes(network, engine::parse_model(model).graph(), optimized.model.graph()),
      engine::pack_model(optimized.model, model.file, optimized.held)};
}

std::vector<TimedKernel> joined(const std::vector<analysis::KernelNodes>& kernels,
                                const std::vector<engine::KernelTime>& times) {
  std::unordered_map<std::string, const analysis::KernelNodes*> by_name;
  for (const auto& kernel : kernels) by_name[kernel.name] = &kernel;
  std::vector<TimedKernel> timed;
  for (const auto& time : times) {
    const auto found = by_name.find(time.node);
    timed.push_back({found == by_name.end()
                         ? analysis::KernelNodes{.name = time.node, .op_type = time.op_type}
                         : *found->second,
                     time.least_seconds});
  }
  return timed;
}

/// Nodes of the network that kernels of either model compute together.
class Parts {
 public:
  Parts(size_t node_count, const TimedKernels& timed) : first_(node_count) {
    std::iota(first_.begin(), first_.end(), 0);
    for (const auto* kernels : {&timed.real, &timed.quantized}) {
      for (const auto& kernel : *kernels) {
        for (const int node : kernel.what.nodes) unite(kernel.what.nodes.front(), node);
      }
    }
  }

  /// The first node of the part stands for it.
  int part_of(int node) {
    int first = node;
    while (at(first) != first) first = at(first);
    while (at(node) != first) node = std::exchange(at(node), first);
    return first;
  }

 private:
  int& at(int node) { return first_[static_cast<size_t>(node)]; }

  void unite(int a, int b) {
    const int first = part_of(a);
    const int second = part_of(b);
    at(std::max(first, second)) = std::min(first, second);
  }

  std::vector<int> first_;
};

/// Microseconds of the kernels of one part, in both models.
struct PartTime {
  std::optional<double> float_us = {};
  std::optional<double> int8_us = {};
  std::string op_type = {};
  size_t float_count = 0;
  size_t int8_count = 0;
  /// The row that tells it.
  report::NodeRow* row = nullptr;
};

class Telling {
 public:
  Telling(const onnx::GraphProto& network, const TimedKernels& timed,
          std::vector<report::NodeRow>& rows)
      : network_(network), parts_(static_cast<size_t>(network.node_size()), timed) {
    times_.runs = timed.runs;
    add(timed.real, true);
    add(timed.quantized, false);
    choose_rows(rows);
    tell(rows);
  }

  report::NodeTimes take() {
    for (auto& [first, part] : by_part_) {
      if (part.row == nullptr) tell_other(part);
    }
    for (auto& [key, row] : others_) times_.others.push_back(std::move(row));
    std::ranges::stable_sort(times_.others, std::greater(),
                             [](const auto& row) { return std::max(row.float_us, row.int8_us); });
    return std::move(times_);
  }

 private:
  report::OtherTimeRow& other(const std::string& op_type, const char* kind) {
    auto& row = others_[{kind, op_type}];
    row.op_type = op_type;
    row.kind = kind;
    return row;
  }

  void add(std::span<const TimedKernel> kernels, bool is_float) {
    for (const auto& kernel : kernels) {
      for (auto& name : engine::possible_names(kernel.what.name)) {
        names_[is_float ? 0 : 1].insert(std::move(name));
      }
      const double us = kernel.seconds * 1e6;
      (is_float ? times_.float_us : times_.int8_us) += us;
      if (kernel.what.part == KernelPart::kNodes) {
        PartTime& part = by_part_[parts_.part_of(kernel.what.nodes.front())];
        auto& total = is_float ? part.float_us : part.int8_us;
        total = total.value_or(0) + us;
        ++(is_float ? part.float_count : part.int8_count);
        if (part.op_type.empty()) part.op_type = kernel.what.op_type;
        continue;
      }
      auto& row = other(kernel.what.op_type, kind_of(kernel.what.part));
      (is_float ? row.float_us : row.int8_us) += us;
      ++(is_float ? row.float_count : row.int8_count);
    }
  }

  static const char* kind_of(KernelPart part) {
    if (part == KernelPart::kCodes) return "codes";
    return part == KernelPart::kLayout ? "layout" : "node";
  }

  void choose_rows(std::vector<report::NodeRow>& rows) {
    std::unordered_map<std::string, int> places;
    for (int i = 0; i < network_.node_size(); ++i) places.try_emplace(network_.node(i).name(), i);
    for (auto& row : rows) {
      const auto place = places.find(row.name);
      const auto part =
          place == places.end() ? by_part_.end() : by_part_.find(parts_.part_of(place->second));
      if (part == by_part_.end()) continue;
      told_by_[&row] = &part->second;
      const auto* known = part->second.row;
      if (known == nullptr || weight_of(row) > weight_of(*known)) part->second.row = &row;
    }
  }

  /// Which of the nodes of a part a reader would call it by: one with weights, else one that ONNX
  /// Runtime calls kernels by, of both models or of one.
  int weight_of(const report::NodeRow& row) const {
    int weight = row.kernel == "other" ? 0 : 4;
    for (const auto& names : names_) weight += names.contains(row.name) ? 1 : 0;
    return weight;
  }

  void tell(std::vector<report::NodeRow>& rows) const {
    for (auto& row : rows) {
      const auto found = told_by_.find(&row);
      if (found == told_by_.end()) continue;
      const PartTime& part = *found->second;
      if (part.row != &row) {
        row.timed_with = part.row->name;
        continue;
      }
      row.float_us = part.float_us;
      row.int8_us = part.int8_us;
    }
  }

  void tell_other(const PartTime& part) {
    auto& row = other(part.op_type, "node");
    row.float_us += part.float_us.value_or(0);
    row.int8_us += part.int8_us.value_or(0);
    row.float_count += part.float_count;
    row.int8_count += part.int8_count;
  }

  const onnx::GraphProto& network_;
  Parts parts_;
  report::NodeTimes times_;
  std::map<int, PartTime> by_part_;
  std::map<std::pair<std::string, std::string>, report::OtherTimeRow> others_;
  std::unordered_map<const report::NodeRow*, const PartTime*> told_by_;
  /// Names that the kernels of both models may have had.
  std::array<std::unordered_set<std::string>, 2> names_;
};

/// A row for each node of the network. Which compute in integers, the kernels tell.
std::vector<report::NodeRow> rows_of(const onnx::GraphProto& network, const TimedKernels& timed) {
  std::vector<report::NodeRow> rows;
  for (const auto& node : network.node()) {
    rows.push_back({.name = node.name(),
                    .op_type = node.op_type(),
                    .kernel = graph::has_weight_operator(node.op_type()) ? "float" : "other"});
  }
  for (const auto& kernel : timed.quantized) {
    if (!analysis::is_integer_kernel(kernel.what.op_type)) continue;
    for (const int node : kernel.what.nodes) {
      auto& row = rows[static_cast<size_t>(node)];
      if (graph::has_weight_operator(row.op_type)) row.kernel = "integer";
    }
  }
  return rows;
}

}  // namespace

std::optional<TimedKernels> time_kernels(const TimedModels& models,
                                         const data::SampleSource& samples) {
  if (samples.size() == 0) return std::nullopt;
  const auto& network = models.network.graph();
  const std::array forms = {
      form_of(network, models.real, analysis::optimized(models.real)),
      form_of(network, models.quantized,
              {engine::parse_model(models.optimized), models.optimized.held})};
  const std::array sources = {forms[0].source, forms[1].source};
  for (size_t i = 0; i < samples.size(); ++i) {
    try {
      const auto found =
          engine::profile_in_turn(sources, samples.read(i), samples.name(i), kProfile);
      return TimedKernels{joined(forms[0].kernels, found.kernels[0]),
                          joined(forms[1].kernels, found.kernels[1]), found.runs};
    } catch (const Error&) {
      stop_if_cancelled();
      if (i + 1 == samples.size()) throw;
    }
  }
  return std::nullopt;
}

report::NodeTimes tell_times(const onnx::GraphProto& network, const TimedKernels& timed,
                             std::vector<report::NodeRow>& rows) {
  return Telling(network, timed, rows).take();
}

void measure_node_times(const Plan& plan, const engine::ModelSource& quantized,
                        const engine::ModelSource& optimized, const data::SampleSource& held_out,
                        report::Summary& summary) {
  const onnx::ModelProto& network = plan.prepared.model;
  // The file as it is, or as it was prepared where ONNX Runtime takes it only so (bfloat16).
  const std::array real = {engine::runnable(plan.source), plan.prepared_source()};
  std::string reason;
  for (const auto& model : real) {
    try {
      const auto timed = time_kernels({network, model, quantized, optimized}, held_out);
      if (timed) summary.node_times = tell_times(network.graph(), *timed, summary.nodes);
      return;
    } catch (const Error& error) {
      stop_if_cancelled();
      reason = error.what();
    }
  }
  summary.notes.push_back(fmt::format("the time of nodes could not be measured: {}", reason));
}

std::optional<ToldNodes> compare_node_times(const engine::ModelSource& real,
                                            const engine::ModelSource& quantized,
                                            const engine::ModelSource& optimized,
                                            const data::SampleSource& samples) {
  onnx::ModelProto network = engine::load_model(real).model;
  graph::name_nodes(network);
  const auto timed = time_kernels({network, real, quantized, optimized}, samples);
  if (!timed) return std::nullopt;
  ToldNodes told{.nodes = rows_of(network.graph(), *timed)};
  told.times = tell_times(network.graph(), *timed, told.nodes);
  std::erase_if(told.nodes, [](const report::NodeRow& row) {
    return !row.float_us && !row.int8_us && row.timed_with.empty();
  });
  return told;
}

}  // namespace rangefinder::workflow
