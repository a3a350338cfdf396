#include "workflow/error_sources.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "analysis/model_error.h"
#include "analysis/reveal.h"
#include "engine/packed_model.h"
#include "graph/attributes.h"
#include "workflow/reference.h"
#include "workflow/samples.h"

// Tensors that become codes have one meaning in both models: what the quantized one has behind the
// DequantizeLinear is the float tensor with all errors up to there. What lies between two of them -
// a Conv and the Relu that is fused into it - is one step, named after its weighted node:
//
//     a (31 dB) ── Conv ── Relu ── b (17 dB)      born at Conv: 14 dB
//     c (29 dB) ──────────── Add ──┘              (Add reads b and c: before it 17 dB)

namespace rangefinder::workflow {
namespace {

/// ONNX Runtime's time to open a model grows with the square of the outputs that are added.
constexpr size_t kMostTensors = 1000;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// The main graph, as a way back from tensor to tensor.
class Steps {
 public:
  explicit Steps(const onnx::GraphProto& graph, std::unordered_set<std::string> traced)
      : traced_(std::move(traced)) {
    for (const auto& node : graph.node()) {
      for (const auto& output : node.output()) makers_[output] = &node;
    }
  }

  struct Step {
    /// The weighted node in between, or the last one that does more than move values.
    const onnx::NodeProto* node = nullptr;
    /// Traced tensors from which the step starts.
    std::vector<std::string> from = {};
  };

  Step step_to(const std::string& tensor) const {
    const auto maker = makers_.find(tensor);
    if (maker == makers_.end()) return {};
    Step step{.node = maker->second};
    std::unordered_set<std::string> seen;
    std::vector<const onnx::NodeProto*> pending = {maker->second};
    while (!pending.empty()) {
      const onnx::NodeProto* node = pending.back();
      pending.pop_back();
      if (is_mover(*step.node) || (is_weighted(*node) && !is_weighted(*step.node))) {
        step.node = node;
      }
      for (const auto& input : node->input()) {
        if (!seen.insert(input).second) continue;
        const auto next = makers_.find(input);
        if (traced_.contains(input)) {
          step.from.push_back(input);
        } else if (next != makers_.end()) {
          pending.push_back(next->second);
        }
      }
    }
    return step;
  }

 private:
  static bool is_mover(const onnx::NodeProto& node) {
    static constexpr std::array kTypes = {"Flatten", "Identity",  "Reshape",
                                          "Squeeze", "Transpose", "Unsqueeze"};
    return std::ranges::find(kTypes, node.op_type()) != kTypes.end();
  }

  static bool is_weighted(const onnx::NodeProto& node) {
    return graph::has_weight_operator(node.op_type());
  }

  std::unordered_set<std::string> traced_;
  std::unordered_map<std::string, const onnx::NodeProto*> makers_;
};

/// What the quantized model's main graph makes: a tensor that nothing reads there is gone.
std::unordered_set<std::string> made_by(const engine::ModelSource& quantized) {
  std::unordered_set<std::string> names;
  const onnx::ModelProto model = engine::parse_model(quantized);
  for (const auto& node : model.graph().node()) {
    names.insert(node.output().begin(), node.output().end());
  }
  return names;
}

/// The largest number of values of a sample that a tensor may have so that all of those together
/// have at most `most_values`.
uint64_t size_limit(const report::Summary& summary, uint64_t most_values) {
  std::vector<uint64_t> sizes;
  for (const auto& row : summary.tensors) {
    sizes.push_back(row.count / std::max<uint64_t>(1, summary.sample_count));
  }
  std::ranges::sort(sizes);
  uint64_t total = 0;
  for (const uint64_t size : sizes) {
    total += size;
    if (total > most_values) return size == 0 ? 0 : size - 1;
  }
  return std::numeric_limits<uint64_t>::max();
}

std::unordered_set<std::string> too_large(const report::Summary& summary, uint64_t most_values) {
  const uint64_t limit = size_limit(summary, most_values);
  std::unordered_set<std::string> names;
  for (const auto& row : summary.tensors) {
    if (row.count / std::max<uint64_t>(1, summary.sample_count) > limit) names.insert(row.name);
  }
  return names;
}

std::vector<std::string> traced_tensors(const Plan& plan, const engine::ModelSource& quantized,
                                        const std::unordered_set<std::string>& left_out) {
  const auto made = made_by(quantized);
  std::vector<std::string> names;
  for (const auto& tensor : plan.annotation.tensors) {
    if (made.contains(tensor.name) && !left_out.contains(tensor.name)) {
      names.push_back(tensor.name);
    }
  }
  for (const auto& output : plan.prepared.model.graph().output()) {
    const bool is_known = std::ranges::find(names, output.name()) != names.end();
    if (!is_known && passes::is_float(plan.prepared.infos, output.name())) {
      names.push_back(output.name());
    }
  }
  return names;
}

using Decibels = std::unordered_map<std::string, double>;

Decibels measure(const Plan& plan, const engine::ModelSource& quantized,
                 const data::SampleSource& samples, const RunControl& run,
                 const std::vector<std::string>& tensors) {
  RunControl sequential = run;
  sequential.jobs = 1;
  sequential.progress = {};
  Decibels found;
  const auto revealed = analysis::revealing(quantized, tensors);
  const auto errors =
      analysis::model_error(analysis::revealing(plan.prepared_source(), tensors), revealed, samples,
                            {.run = sequential,
                             .leave_out_bad_samples = true,
                             .open_other = opener_for(*plan.target, revealed)});
  for (const auto& error : errors.outputs) {
    if (error.metrics.count() > 0) found[error.name] = error.metrics.sqnr_db();
  }
  return found;
}

std::shared_ptr<const data::SampleSource> first_of(const data::SampleSource& samples,
                                                   size_t count) {
  // Owned by the caller, who waits.
  return as_list({.list = {std::shared_ptr<void>(), &samples}}, count);
}

/// Noise over signal.
double noise_share(double decibels) { return std::pow(10, -decibels / 10); }

double added_noise(const report::ErrorSourceRow& row) {
  return noise_share(row.after_db) - noise_share(row.before_db);
}

}  // namespace

std::vector<report::ErrorSourceRow> error_sources(
    const Plan& plan, const engine::ModelSource& quantized, const data::SampleSource& samples,
    const RunControl& run, const report::Summary& summary, uint64_t most_values, size_t most) {
  const auto tensors = traced_tensors(plan, quantized, too_large(summary, most_values));
  if (tensors.size() > kMostTensors) return {};
  const auto found = measure(plan, quantized, *first_of(samples, kTracedSamples), run, tensors);
  const Steps steps(plan.prepared.model.graph(), {tensors.begin(), tensors.end()});
  std::vector<report::ErrorSourceRow> rows;
  for (const auto& tensor : tensors) {
    const auto after = found.find(tensor);
    const Steps::Step step = steps.step_to(tensor);
    if (after == found.end() || step.node == nullptr) continue;
    report::ErrorSourceRow row{.node = step.node->name(),
                               .op_type = step.node->op_type(),
                               .before_db = kInfinity,
                               .after_db = after->second};
    for (const auto& from : step.from) {
      if (const auto before = found.find(from); before != found.end()) {
        row.before_db = std::min(row.before_db, before->second);
      }
    }
    if (row.before_db - row.after_db >= 1) rows.push_back(std::move(row));
  }
  std::stable_sort(rows.begin(), rows.end(),
                   [](const auto& a, const auto& b) { return added_noise(a) > added_noise(b); });
  rows.resize(std::min(rows.size(), most));
  return rows;
}

}  // namespace rangefinder::workflow
