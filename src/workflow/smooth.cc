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

using refine::ScalableChannels;
using refine::SmoothedChannels;

/// Below that the estimate is no reason to touch a model; a Mul costs time as well.
constexpr double kLeastGainDb = 0.25;
constexpr double kLeastGainOfMulDb = 1;
/// Between convolutions (docs/numerics/smoothing.md): behind norms the channels' extremes of some
/// samples are those of others.
constexpr double kHeadroom = 1;

using Spreads = std::map<std::string, const statistics::ChannelSpread*>;

Spreads spreads_of(const statistics::StatisticsFile& statistics) {
  Spreads spreads;
  for (const auto& tensor : statistics.tensors) {
    if (tensor.spread) spreads[tensor.name] = &*tensor.spread;
  }
  return spreads;
}

/// Behind a norm all tensors have the same values, and one that was counted speaks for all. Null if
/// none was.
const statistics::ChannelSpread* spread_of(const std::string& tensor, const ScalableChannels& where,
                                           const Spreads& spreads) {
  const auto own = spreads.find(tensor);
  if (own != spreads.end()) return own->second;
  if (where.axis >= 0) return nullptr;
  for (const std::string& name : where.tensors) {
    const auto other = spreads.find(name);
    if (other != spreads.end()) return other->second;
  }
  return nullptr;
}

/// Decides on one after the other; each for itself, so in any thread.
class Chooser {
 public:
  Chooser(const Plan& plan, const statistics::StatisticsFile& statistics,
          const passes::RuntimeCalibration& calibration)
      : plan_(plan),
        calibration_(calibration),
        spreads_(spreads_of(statistics)),
        model_(plan.prepared.model),
        graph_(model_) {
    calibration_.other_names = plan.other_names;
    for (const auto& node : model_.graph().node()) nodes_[node.name()] = &node;
  }

  /// The row tells why if there is none.
  std::optional<refine::Smoothing> choose(const ScalableChannels& where,
                                          report::SmoothingRow& row) {
    std::vector<refine::SmoothedTensor> tensors;
    for (const std::string& name : where.observed) {
      const auto* spread = spread_of(name, where, spreads_);
      if (spread == nullptr) {
        row.reason = "the statistics hold no counts of its channels";
        return {};
      }
      const std::string method = calibration_.method_of(name, plan_.target->activation);
      if (needs_more_than_counts(method)) {
        row.reason = "the method '" + method + "' must see more than counts";
        return {};
      }
      tensors.push_back({*spread, matrices_of(where, name), [this, method](const auto& values) {
                           return parameters_of(method, values);
                         }});
    }
    const auto& config = plan_.target->activation;
    const quantization::Grid grid{config.quant_min, config.quant_max, config.is_symmetric(),
                                  config.is_power_of_2()};
    auto found = refine::choose_smoothing(
        tensors, grid,
        {.least_gain_db = where.takes_scales() ? kLeastGainDb : kLeastGainOfMulDb,
         .headroom = where.axis < 0 ? std::nullopt : std::optional(kHeadroom),
         .upper = where.upper});
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

  /// What the tensor is multiplied by in integers. One that is only a summand of others is judged
  /// by what they are multiplied by.
  std::vector<refine::ReadMatrix> matrices_of(const ScalableChannels& where,
                                              const std::string& tensor) const {
    const auto reads = [&](const refine::ScaledReader& reader) {
      return reader.is_integer && (where.axis < 0 || root_of(reader.tensor) == tensor);
    };
    const bool is_read = std::ranges::any_of(where.readers, reads);
    std::vector<refine::ReadMatrix> matrices;
    for (const auto& reader : where.readers) {
      if (is_read ? !reads(reader) : !reader.is_integer) continue;
      matrices.push_back(refine::read_matrix(graph_, *nodes_.at(reader.node)));
      matrices.back().is_rounded = is_read;
    }
    return matrices;
  }

  /// The tensor whose codes those of this one are.
  std::string root_of(const std::string& tensor) const {
    const auto* found = plan_.annotation.find(tensor);
    return found == nullptr ? tensor : found->root;
  }

  const Plan& plan_;
  passes::RuntimeCalibration calibration_;
  Spreads spreads_;
  onnx::ModelProto model_;
  graph::Graph graph_;
  std::unordered_map<std::string, const onnx::NodeProto*> nodes_;
};

report::SmoothingRow row_of(const ScalableChannels& where) {
  report::SmoothingRow row{.norm = where.maker, .tensor = where.output};
  for (const auto& reader : where.readers) row.nodes.push_back(reader.node);
  row.tensors = where.tensors;
  row.is_norm = where.axis < 0;
  return row;
}

/// Of all that is smoothed; the rows tell of the others, too.
std::vector<SmoothedChannels> choose(const Plan& plan, const statistics::StatisticsFile& statistics,
                                     const passes::RuntimeCalibration& calibration,
                                     std::vector<report::SmoothingRow>& rows) {
  Chooser chooser(plan, statistics, calibration);
  std::vector<std::optional<refine::Smoothing>> found(plan.scalable.size());
  for (const ScalableChannels& where : plan.scalable) rows.push_back(row_of(where));
  parallel_for(found.size(),
               [&](size_t i) { found[i] = chooser.choose(plan.scalable[i], rows[i]); });
  std::vector<SmoothedChannels> smoothed;
  for (size_t i = 0; i < found.size(); ++i) {
    if (!found[i]) continue;
    rows[i].is_smoothed = true;
    rows[i].alpha = found[i]->alpha;
    rows[i].gain_db = found[i]->gain_db;
    rows[i].adds_node = !plan.scalable[i].takes_scales();
    smoothed.push_back({plan.scalable[i], std::move(*found[i])});
  }
  return smoothed;
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

/// A tensor that is divided: as which, and the name of it afterwards.
struct Divided {
  const SmoothedChannels& smoothed;
  const std::string& tensor;

  const std::vector<int>& exponents() const { return smoothed.smoothing.exponents; }
  const std::string& name_of(const std::string& seen) const {
    return seen == smoothed.where.output ? tensor : seen;
  }
};

/// What would have been observed of a tensor whose channels are divided.
statistics::ObservedTensor divided(const statistics::ObservedTensor& seen, const Divided& by,
                                   const Spreads& spreads) {
  statistics::ObservedTensor tensor{.name = by.name_of(seen.name), .type = seen.type};
  tensor.holds_sums_alone = seen.holds_sums_alone;
  if (!seen.holds_sums_alone) {
    const auto* spread = spread_of(seen.name, by.smoothed.where, spreads);
    tensor.channels.push_back(refine::smoothed_statistics(*spread, by.exponents()));
  }
  tensor.sum_axis = seen.sum_axis;
  tensor.channel_sums = divided(seen.channel_sums, by.exponents());
  return tensor;
}

/// All but the counts of channels, which nobody needs any more.
statistics::StatisticsFile observed_again(const statistics::StatisticsFile& statistics,
                                          const std::vector<SmoothedChannels>& all,
                                          const std::vector<std::string>& tensors) {
  statistics::StatisticsFile file{.model_fingerprint = statistics.model_fingerprint,
                                  .plan_fingerprint = statistics.plan_fingerprint,
                                  .samples = statistics.samples};
  const Spreads spreads = spreads_of(statistics);
  std::map<std::string, Divided> smoothed;
  for (size_t i = 0; i < all.size(); ++i) {
    for (const auto& name : all[i].where.tensors) {
      smoothed.emplace(name, Divided{all[i], tensors[i]});
    }
  }
  for (const auto& seen : statistics.tensors) {
    const auto found = smoothed.find(seen.name);
    if (found != smoothed.end()) {
      file.tensors.push_back(divided(seen, found->second, spreads));
      if (file.tensors.back().name == seen.name) continue;
    }
    statistics::ObservedTensor copy = seen;
    copy.spread.reset();
    file.tensors.push_back(std::move(copy));
  }
  return file;
}

/// Patterns for the tensor that the user knows hold for the one beside it, too.
void name_tensors(const std::vector<SmoothedChannels>& smoothed,
                  const std::vector<std::string>& tensors, const Plan& before, Plan& plan) {
  for (size_t i = 0; i < smoothed.size(); ++i) {
    const std::string& known = smoothed[i].where.output;
    if (tensors[i] == known) continue;
    auto& names = plan.other_names[tensors[i]];
    names.push_back(known);
    const auto others = before.other_names.find(known);
    if (others == before.other_names.end()) continue;
    names.insert(names.end(), others->second.begin(), others->second.end());
  }
}

}  // namespace

Smoothed smooth(const Plan& plan, const PlanOptions& options,
                const statistics::StatisticsFile& statistics,
                const passes::RuntimeCalibration& calibration) {
  Smoothed result;
  if (statistics.sample_count() == 0) return result;
  auto smoothed = choose(plan, statistics, calibration, result.rows);
  if (smoothed.empty()) return result;
  passes::PreparedModel prepared = plan.prepared;
  engine::HeldModel held{std::move(prepared.model), std::move(prepared.held)};
  auto tensors = refine::smooth_model(held, prepared.infos, smoothed);
  prepared.model = std::move(held.model);
  prepared.held = std::move(held.held);
  result.plan = SmoothedPlan{replan(plan, std::move(prepared), options),
                             observed_again(statistics, smoothed, tensors)};
  name_tensors(smoothed, tensors, plan, result.plan->plan);
  result.plan->smoothed = std::move(smoothed);
  result.plan->divided = std::move(tensors);
  return result;
}

WorkingPlan::WorkingPlan(const Plan& plan, const PlanOptions& options,
                         const statistics::StatisticsFile& statistics,
                         const passes::RuntimeCalibration& calibration, Effort effort,
                         report::Summary& summary)
    : plan_(plan), statistics_(statistics) {
  if (effort == Effort::kFast) return;
  Stopwatch watch;
  Smoothed found = smooth(plan, options, statistics, calibration);
  smoothed_ = std::move(found.plan);
  summary.smoothings = std::move(found.rows);
  summary.seconds.solve = watch.lap();
}

std::map<std::string, statistics::TensorStatistics> WorkingPlan::scaled(
    const std::map<std::string, statistics::ChannelSpread>& spreads) const {
  std::map<std::string, statistics::TensorStatistics> scaled;
  if (!smoothed_) return scaled;
  Spreads seen;
  for (const auto& [name, spread] : spreads) seen[name] = &spread;
  for (size_t i = 0; i < smoothed_->smoothed.size(); ++i) {
    const SmoothedChannels& channels = smoothed_->smoothed[i];
    const Divided by{channels, smoothed_->divided[i]};
    for (const std::string& name : channels.where.tensors) {
      const auto* spread = spread_of(name, channels.where, seen);
      if (spread == nullptr || spread->channel_count() != by.exponents().size()) continue;
      scaled[by.name_of(name)] = refine::smoothed_statistics(*spread, by.exponents());
    }
  }
  return scaled;
}

}  // namespace rangefinder::workflow
