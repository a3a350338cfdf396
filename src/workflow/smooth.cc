#include "workflow/smooth.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <unordered_map>
#include <utility>

#include "base/error.h"
#include "base/parallel.h"
#include "base/process.h"
#include "engine/packed_model.h"
#include "observers/calibrate.h"
#include "refine/smooth_model.h"
#include "refine/smoothed_statistics.h"

namespace rangefinder::workflow {
namespace {

using refine::NormOutput;

/// Below that the estimate is no reason to touch a model; a Mul costs time as well.
constexpr double kLeastGainDb = 0.25;
constexpr double kLeastGainOfMulDb = 1;

using Seen = std::unordered_map<std::string, const statistics::ObservedTensor*>;

Seen seen_of(const statistics::StatisticsFile& statistics) {
  Seen seen;
  for (const auto& tensor : statistics.tensors) {
    if (!tensor.holds_sums_alone) seen[tensor.name] = &tensor;
  }
  return seen;
}

/// Of whichever of its tensors has one: all have the same values.
const statistics::ChannelSpread* spread_of(const NormOutput& output, const Seen& seen) {
  for (const std::string& name : output.tensors) {
    const auto found = seen.find(name);
    if (found != seen.end() && found->second->spread) return &*found->second->spread;
  }
  return nullptr;
}

/// Decides on one norm after the other; each for itself, so in any thread.
class Chooser {
 public:
  Chooser(const Plan& plan, const statistics::StatisticsFile& statistics,
          const passes::RuntimeCalibration& calibration)
      : plan_(plan),
        calibration_(calibration),
        seen_(seen_of(statistics)),
        model_(plan.prepared.model),
        graph_(model_) {
    calibration_.other_names = plan.other_names;
    for (const auto& node : model_.graph().node()) nodes_[node.name()] = &node;
  }

  /// The row tells why if there is none.
  std::optional<refine::Smoothing> choose(const NormOutput& output, report::SmoothingRow& row) {
    const auto* spread = spread_of(output, seen_);
    if (spread == nullptr) {
      row.reason = "the statistics hold no counts of its channels";
      return {};
    }
    const auto& config = plan_.target->activation;
    const std::string method = calibration_.method_of(output.observed, config);
    if (needs_more_than_counts(method)) {
      row.reason = "the method '" + method + "' must see more than counts";
      return {};
    }
    const auto matrices = matrices_of(output);
    const quantization::Grid grid{config.quant_min, config.quant_max, config.is_symmetric(),
                                  config.is_power_of_2()};
    auto found = refine::choose_smoothing(
        *spread, matrices, grid, [&](const auto& values) { return parameters_of(method, values); },
        output.takes_scales() ? kLeastGainDb : kLeastGainOfMulDb);
    if (!found) row.reason = "the products behind it would gain too little";
    return found;
  }

 private:
  bool needs_more_than_counts(const std::string& method) const {
    const auto& config = plan_.target->activation;
    const auto needs = observers::registry().create(method, config, calibration_.options)->needs();
    return !needs.is_one_pass() || needs.batch_figures || needs.row_top > 0;
  }

  quantization::AffineParameters parameters_of(const std::string& method,
                                               const statistics::TensorStatistics& values) const {
    return observers::solve(method, calibration_.options, {.channels = std::span(&values, 1)},
                            plan_.target->activation)
        .parameters.at(0);
  }

  std::vector<refine::ReadMatrix> matrices_of(const NormOutput& output) const {
    std::vector<refine::ReadMatrix> matrices;
    for (const auto& reader : output.readers) {
      if (reader.is_integer) {
        matrices.push_back(refine::read_matrix(graph_, *nodes_.at(reader.node)));
      }
    }
    return matrices;
  }

  const Plan& plan_;
  passes::RuntimeCalibration calibration_;
  Seen seen_;
  onnx::ModelProto model_;
  graph::Graph graph_;
  std::unordered_map<std::string, const onnx::NodeProto*> nodes_;
};

report::SmoothingRow row_of(const NormOutput& output) {
  report::SmoothingRow row{.norm = output.norm, .tensor = output.output};
  for (const auto& reader : output.readers) row.nodes.push_back(reader.node);
  return row;
}

/// Of each norm that is smoothed; the rows tell of all.
std::vector<refine::SmoothedNorm> choose(const Plan& plan,
                                         const statistics::StatisticsFile& statistics,
                                         const passes::RuntimeCalibration& calibration,
                                         std::vector<report::SmoothingRow>& rows) {
  Chooser chooser(plan, statistics, calibration);
  std::vector<std::optional<refine::Smoothing>> found(plan.norm_outputs.size());
  for (const NormOutput& output : plan.norm_outputs) rows.push_back(row_of(output));
  parallel_for(found.size(),
               [&](size_t i) { found[i] = chooser.choose(plan.norm_outputs[i], rows[i]); });
  std::vector<refine::SmoothedNorm> norms;
  for (size_t i = 0; i < found.size(); ++i) {
    if (!found[i]) continue;
    rows[i].is_smoothed = true;
    rows[i].alpha = found[i]->alpha;
    rows[i].gain_db = found[i]->gain_db;
    rows[i].adds_node = !plan.norm_outputs[i].takes_scales();
    norms.push_back({plan.norm_outputs[i], std::move(*found[i])});
  }
  return norms;
}

/// The sums of channels that are each divided by 2^exponent, rounded to 53 bits.
statistics::ChannelSums divided(const statistics::ChannelSums& sums,
                                const std::vector<int>& exponents) {
  constexpr int kBits = 53;
  auto parts = sums.parts();
  for (auto& part : parts) {
    for (size_t c = 0; c < part.sums.size(); ++c) {
      int exponent = 0;
      const double fraction = std::frexp(part.sums[c].value(), &exponent);
      part.sums[c] = {};
      const int unit = exponent - kBits - exponents[c];
      if (fraction == 0 || unit < -149) continue;
      part.sums[c].add(static_cast<int64_t>(std::ldexp(fraction, kBits)), unit);
    }
  }
  return statistics::ChannelSums::restore(std::move(parts));
}

/// A norm that is smoothed: what is divided by what, and the name of it afterwards.
struct Divided {
  const refine::SmoothedNorm& norm;
  const std::string& tensor;
  const statistics::ChannelSpread& spread;

  const std::vector<int>& exponents() const { return norm.smoothing.exponents; }
  const std::string& name_of(const std::string& seen) const {
    return seen == norm.output.output ? tensor : seen;
  }
};

/// What would have been observed of a tensor whose channels are divided.
statistics::ObservedTensor divided(const statistics::ObservedTensor& seen, const Divided& by) {
  statistics::ObservedTensor tensor{.name = by.name_of(seen.name), .type = seen.type};
  tensor.holds_sums_alone = seen.holds_sums_alone;
  if (!seen.holds_sums_alone) {
    tensor.channels.push_back(refine::smoothed_statistics(by.spread, by.exponents()));
  }
  tensor.sum_axis = seen.sum_axis;
  tensor.channel_sums = divided(seen.channel_sums, by.exponents());
  return tensor;
}

/// All but the counts of channels, which nobody needs any more.
statistics::StatisticsFile observed_again(const statistics::StatisticsFile& statistics,
                                          const std::vector<refine::SmoothedNorm>& norms,
                                          const std::vector<std::string>& tensors) {
  statistics::StatisticsFile file{.model_fingerprint = statistics.model_fingerprint,
                                  .plan_fingerprint = statistics.plan_fingerprint,
                                  .samples = statistics.samples};
  const Seen known = seen_of(statistics);
  std::map<std::string, Divided> smoothed;
  for (size_t i = 0; i < norms.size(); ++i) {
    const NormOutput& output = norms[i].output;
    for (const auto& name : output.tensors) {
      smoothed.emplace(name, Divided{norms[i], tensors[i], *spread_of(output, known)});
    }
  }
  for (const auto& seen : statistics.tensors) {
    const auto found = smoothed.find(seen.name);
    if (found != smoothed.end()) {
      file.tensors.push_back(divided(seen, found->second));
      if (file.tensors.back().name == seen.name) continue;
    }
    statistics::ObservedTensor copy = seen;
    copy.spread.reset();
    file.tensors.push_back(std::move(copy));
  }
  return file;
}

/// Patterns for the tensor that the user knows hold for the one beside it, too.
void name_tensors(const std::vector<refine::SmoothedNorm>& norms,
                  const std::vector<std::string>& tensors, const Plan& before, Plan& plan) {
  for (size_t i = 0; i < norms.size(); ++i) {
    const std::string& known = norms[i].output.output;
    if (tensors[i] == known) continue;
    auto& names = plan.other_names[tensors[i]];
    names.push_back(known);
    const auto others = before.other_names.find(known);
    if (others == before.other_names.end()) continue;
    names.insert(names.end(), others->second.begin(), others->second.end());
  }
}

}  // namespace

Smoothed smooth_norms(const Plan& plan, const PlanOptions& options,
                      const statistics::StatisticsFile& statistics,
                      const passes::RuntimeCalibration& calibration) {
  Smoothed result;
  if (statistics.sample_count() == 0) return result;
  const auto norms = choose(plan, statistics, calibration, result.rows);
  if (norms.empty()) return result;
  passes::PreparedModel prepared = plan.prepared;
  engine::HeldModel held{std::move(prepared.model), std::move(prepared.held)};
  const auto tensors = refine::smooth_model(held, prepared.infos, norms);
  prepared.model = std::move(held.model);
  prepared.held = std::move(held.held);
  result.plan = SmoothedPlan{replan(plan, std::move(prepared), options),
                             observed_again(statistics, norms, tensors)};
  name_tensors(norms, tensors, plan, result.plan->plan);
  return result;
}

WorkingPlan::WorkingPlan(const Plan& plan, const PlanOptions& options,
                         const statistics::StatisticsFile& statistics,
                         const passes::RuntimeCalibration& calibration, Effort effort,
                         report::Summary& summary)
    : plan_(plan), statistics_(statistics) {
  if (effort == Effort::kFast) return;
  Stopwatch watch;
  Smoothed found = smooth_norms(plan, options, statistics, calibration);
  smoothed_ = std::move(found.plan);
  summary.smoothings = std::move(found.rows);
  summary.seconds.solve = watch.lap();
}

}  // namespace rangefinder::workflow
