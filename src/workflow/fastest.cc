#include "workflow/fastest.h"

#include <algorithm>
#include <array>
#include <optional>
#include <unordered_map>
#include <utility>

#include "engine/packed_model.h"
#include "engine/profile.h"
#include "engine/watch.h"
#include "refine/time_cut.h"

namespace rangefinder::workflow {
namespace {

/// Seconds for each element that crosses from codes to floats or back: measured are 0.3 to 0.5 ns;
/// layouts that change on the way may double it, or make it free.
constexpr std::array<double, 4> kBorderSeconds = {0.1e-9, 0.3e-9, 0.5e-9, 1e-9};

/// Kernels in blocks are called by the tensor that they make, others by their node.
class PartTimes {
 public:
  PartTimes(const onnx::ModelProto& model, std::vector<refine::TimedPart>& parts) : parts_(parts) {
    for (size_t i = 0; i < parts.size(); ++i) {
      for (const auto& name : parts[i].nodes) part_of_[name] = i;
      for (const auto& name : parts[i].bounds) part_of_.try_emplace(name, i);
    }
    const auto part_of_node = part_of_;
    for (const auto& node : model.graph().node()) {
      const auto part = part_of_node.find(node.name());
      if (part == part_of_node.end()) continue;
      for (const auto& output : node.output()) part_of_.try_emplace(output, part->second);
    }
  }

  void add(const std::vector<engine::KernelTime>& kernels, double refine::TimedPart::*seconds) {
    for (const auto& kernel : kernels) {
      if (const auto part = part_of(kernel.node)) parts_[*part].*seconds += kernel.seconds;
    }
  }

 private:
  std::optional<size_t> part_of(const std::string& kernel) const {
    for (const auto& name : engine::possible_names(kernel)) {
      const auto found = part_of_.find(name);
      if (found != part_of_.end()) return found->second;
    }
    return std::nullopt;
  }

  std::vector<refine::TimedPart>& parts_;
  std::unordered_map<std::string, size_t> part_of_;
};

refine::ElementCounts elements_of(const Plan& plan, const tensor::NamedTensors& sample,
                                  const std::string& sample_name) {
  std::vector<engine::ObservedTensor> tensors;
  for (const auto& tensor : plan.annotation.tensors) tensors.push_back({.name = tensor.name});
  refine::ElementCounts counts;
  bool is_over = false;
  const engine::SampleFeed feed = [&]() -> std::optional<engine::PendingSample> {
    if (std::exchange(is_over, true)) return std::nullopt;
    return engine::PendingSample{sample_name, [&](const auto&) { return sample; }};
  };
  engine::watch(plan.prepared_source(), tensors, feed,
                [&](size_t tensor, uint64_t, const tensor::TensorView& values) {
                  counts[tensors[tensor].name] = values.element_count();
                },
                {.jobs = 1}, {"profile", 1});
  return counts;
}

TimeChoice choice_of(const std::vector<bool>& is_float, const std::vector<refine::TimedPart>& parts,
                     size_t atom_count) {
  TimeChoice choice;
  choice.atoms.assign(is_float.begin(), is_float.begin() + static_cast<ptrdiff_t>(atom_count));
  for (size_t i = atom_count; i < parts.size(); ++i) {
    if (is_float[i]) choice.movers.insert(parts[i].nodes.front());
  }
  return choice;
}

}  // namespace

std::vector<TimeChoice> choices_by_time(const Plan& plan, const engine::ModelSource& quantized,
                                        const std::vector<passes::Atom>& atoms,
                                        const std::vector<bool>& must_be_float,
                                        const tensor::NamedTensors& sample,
                                        const std::string& sample_name) {
  onnx::ModelProto model = plan.prepared.model;
  graph::Graph graph(model);
  auto parts = refine::timed_parts(graph, plan.annotation, *plan.target, atoms);
  PartTimes times(plan.prepared.model, parts);
  times.add(engine::profile_kernels(plan.prepared_source(), sample, sample_name),
            &refine::TimedPart::float_seconds);
  times.add(engine::profile_kernels(quantized, sample, sample_name),
            &refine::TimedPart::integer_seconds);
  const auto elements = elements_of(plan, sample, sample_name);
  std::vector<TimeChoice> choices;
  for (const double border : kBorderSeconds) {
    const auto is_float =
        refine::cut_by_time(graph, plan.annotation, parts, elements, border, must_be_float);
    TimeChoice choice = choice_of(is_float, parts, atoms.size());
    const bool is_known = std::find(choices.begin(), choices.end(), choice) != choices.end();
    if (is_known || (choice.atoms == must_be_float && choice.movers.empty())) continue;
    choices.push_back(std::move(choice));
  }
  return choices;
}

engine::ModelSource original_float(const Plan& plan, const std::string& output) {
  return engine::pack_whole_model(engine::load_model(plan.source).model, output);
}

}  // namespace rangefinder::workflow
