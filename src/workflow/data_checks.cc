#include "workflow/data_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "base/median.h"
#include "graph/constants.h"
#include "graph/graph.h"

namespace rangefinder::workflow {
namespace {

using Rows = std::vector<report::DataCheckRow>;

std::string input_name(const std::string& name) {
  return name.empty() ? "the input" : fmt::format("input '{}'", name);
}

/// Rows in each sample of an input whose first extent alone is open; 0 where that is not so.
uint64_t batch_of(const Plan& plan, const std::string& name, const InputLook& look) {
  const auto& inputs = plan.prepared.model.graph().input();
  const bool is_only_one = name.empty() && inputs.size() == 1;
  const auto info = plan.prepared.infos.find(is_only_one ? inputs[0].name() : name);
  if (info == plan.prepared.infos.end() || !info->second.shape || look.sample_count == 0) return 0;
  const auto& shape = *info->second.shape;
  if (shape.size() < 2 || shape.front() >= 0) return 0;
  uint64_t row = 1;
  for (size_t i = 1; i < shape.size(); ++i) {
    if (shape[i] < 1) return 0;
    row *= static_cast<uint64_t>(shape[i]);
  }
  return look.count / look.sample_count / row;
}

/// A file of many rows is one sample of a model that takes any number of them: who has few such
/// samples may have meant many.
std::string batch_hint(const Plan& plan, const DataLook& look) {
  for (const auto& [name, input] : look.inputs) {
    const uint64_t batch = batch_of(plan, name, input);
    if (batch < 2) continue;
    return fmt::format(
        "; each is a batch of {}, because the model takes any number: with a "
        "dimension more, numpy's array[:, None], a file holds {} samples",
        batch, batch);
  }
  return {};
}

void check_counts(const Plan& plan, const ObservedBoth& seen, size_t held_out, Rows& rows) {
  const size_t samples = seen.statistics.sample_count();
  if (samples < kFewSamples) {
    rows.push_back(
        {"few_samples",
         fmt::format("{} calibration sample{}: at least {} are needed, 100 to 500 are "
                     "better{}",
                     samples, samples == 1 ? "" : "s", kFewSamples, batch_hint(plan, seen.look))});
  }
  if (held_out == 0) {
    rows.push_back({"nothing_held_out", "no sample was held out: nothing tells how good it is"});
  } else if (held_out < kFewHeldOut) {
    rows.push_back(
        {"few_held_out", fmt::format("judged on {} sample{}: at least {} are needed, 32 are better",
                                     held_out, held_out == 1 ? "" : "s", kFewHeldOut)});
  }
}

void check_repeats(const DataLook& calibration, const DataLook& held_out, Rows& rows) {
  std::unordered_map<uint64_t, const std::string*> first;
  const std::string* one = nullptr;
  const std::string* other = nullptr;
  size_t repeated = 0;
  for (const auto& [index, sample] : calibration.samples) {
    const auto [place, is_new] = first.emplace(sample.hash, &sample.name);
    if (is_new) continue;
    ++repeated;
    if (one == nullptr) std::tie(one, other) = std::pair(place->second, &sample.name);
  }
  if (repeated > 0) {
    rows.push_back({"identical_samples",
                    fmt::format("{} of {} calibration samples hold what another one holds, as {} "
                                "and {}",
                                repeated, calibration.samples.size(), *one, *other),
                    repeated + 1 == calibration.samples.size()});
  }
  for (const auto& [index, sample] : held_out.samples) {
    const auto found = first.find(sample.hash);
    if (found == first.end()) continue;
    rows.push_back({"held_out_calibrated",
                    fmt::format("held-out samples are calibrated on, too, as {} and {}: it is "
                                "judged too well",
                                sample.name, *found->second)});
    return;
  }
}

void check_constant(const std::string& name, const InputLook& look, Rows& rows) {
  const std::string input = input_name(name);
  const size_t constant = look.constant_count - look.zero_count;
  const auto part = [&](size_t count) {
    if (count == look.sample_count) return std::string("all samples");
    return fmt::format("{} of {} samples", count, look.sample_count);
  };
  if (look.zero_count > 0) {
    rows.push_back(
        {"zero_samples", fmt::format("{} is all zero in {}", input, part(look.zero_count))});
  }
  if (constant > 0) {
    rows.push_back(
        {"constant_samples", fmt::format("{} holds a single value in {}", input, part(constant))});
  }
}

void check_pixels(const Plan& plan, const std::string& name, const InputLook& look, Rows& rows) {
  if (!look.is_picture || look.pixel_count == 0) return;
  const std::string input = input_name(name);
  if (look.pixel_count < look.sample_count) {
    rows.push_back({"mixed_scales",
                    fmt::format("{} holds whole numbers from 0 to 255 in {} of {} samples, and "
                                "other values in the rest",
                                input, look.pixel_count, look.sample_count)});
    return;
  }
  const double power = look.squares / static_cast<double>(look.count);
  const auto loud = loudness(plan, name, std::sqrt(power));
  if (!loud || *loud < kTooLoud) return;
  rows.push_back({"unnormalized",
                  fmt::format("{} looks like pictures that are not normalized: whole numbers up to "
                              "{:g}, of which the first convolution makes values {:.0f} times as "
                              "large as its biases",
                              input, look.maximum, *loud),
                  true});
}

/// Of samples without any pattern nothing can be learned.
void check_patterns(const DataLook& look, Rows& rows) {
  const auto has_none = [](const auto& input) {
    return input.second.constant_count == input.second.sample_count;
  };
  if (look.inputs.empty() || !std::ranges::all_of(look.inputs, has_none)) return;
  rows.push_back({"no_pattern", "all float inputs hold a single value in all samples", true});
}

/// Whether held-out samples widen a tensor's range by more than kWidened of it.
bool is_widened(const statistics::Extrema& range, const statistics::Extrema& other) {
  if (!range.has_range() || !other.has_range()) return false;
  const double low = range.min;
  const double high = range.max;
  const double excess =
      std::max({low - static_cast<double>(other.min), static_cast<double>(other.max) - high, 0.0});
  return excess > kWidened * (high - low);
}

void check_ranges(const ObservedBoth& seen, Rows& rows) {
  size_t compared = 0;
  size_t widened = 0;
  uint64_t nonfinite = 0;
  for (const auto& tensor : seen.statistics.tensors) {
    if (tensor.holds_sums_alone || tensor.channels.size() != 1) continue;
    const auto& extrema = tensor.channels.front().extrema;
    nonfinite += extrema.nan_count + extrema.infinity_count();
    const auto found = seen.held_out.find(tensor.name);
    if (found == seen.held_out.end()) continue;
    ++compared;
    widened += is_widened(extrema, found->second.extrema);
  }
  if (static_cast<double>(widened) > kMovingShare * static_cast<double>(compared)) {
    rows.push_back({"ranges_move",
                    fmt::format("{} held-out samples widen the ranges of {} of {} tensors by more "
                                "than a tenth: more calibration samples would help",
                                seen.held_out_look.samples.size(), widened, compared)});
  }
  if (nonfinite > 0) {
    rows.push_back({"nonfinite_ignored",
                    fmt::format("{} values that are NaN or infinite were ignored", nonfinite)});
  }
}

/// The first Conv that reads the input, through movers at most; null if there is none.
const onnx::NodeProto* first_conv(const graph::Graph& graph, const std::string& input) {
  std::string tensor = input;
  for (;;) {
    const auto& uses = graph.uses(tensor);
    if (uses.size() != 1) return nullptr;
    const auto& node = *uses.front().node;
    if (node.op_type() == "Conv") return uses.front().input == 0 ? &node : nullptr;
    static constexpr std::array kMovers = {"Transpose", "Reshape", "Pad", "Identity", "Unsqueeze"};
    if (std::ranges::find(kMovers, node.op_type()) == kMovers.end()) return nullptr;
    tensor = node.output(0);
  }
}

}  // namespace

std::optional<double> loudness(const Plan& plan, const std::string& input,
                               double root_mean_square) {
  onnx::ModelProto model = plan.prepared.model;
  const graph::Graph graph(model);
  const std::string& name =
      input.empty() && model.graph().input_size() > 0 ? model.graph().input(0).name() : input;
  const onnx::NodeProto* conv = first_conv(graph, name);
  if (conv == nullptr || conv->input_size() < 3) return std::nullopt;
  const auto* weight = graph.initializer(conv->input(1));
  const auto* bias = graph.initializer(conv->input(2));
  if (weight == nullptr || bias == nullptr) return std::nullopt;
  const tensor::Tensor weights = graph::read_constant(*weight).to_float32();
  const tensor::Tensor biases = graph::read_constant(*bias).to_float32();
  const size_t channels = biases.element_count();
  if (channels == 0 || weights.element_count() % channels != 0) return std::nullopt;
  std::vector<double> norms;
  std::vector<double> offsets;
  const size_t size = weights.element_count() / channels;
  for (size_t c = 0; c < channels; ++c) {
    double sum = 0;
    for (const float w : weights.floats().subspan(c * size, size)) {
      sum += static_cast<double>(w) * static_cast<double>(w);
    }
    norms.push_back(std::sqrt(sum));
    offsets.push_back(std::abs(static_cast<double>(biases.floats()[c])));
  }
  const double offset = median(std::move(offsets));
  if (offset == 0) return std::nullopt;
  return median(std::move(norms)) * root_mean_square / offset;
}

std::vector<report::DataCheckRow> data_checks(const Plan& plan, const ObservedBoth& seen,
                                              size_t held_out_count) {
  Rows rows;
  check_counts(plan, seen, held_out_count, rows);
  check_repeats(seen.look, seen.held_out_look, rows);
  for (const auto& [name, look] : seen.look.inputs) {
    check_constant(name, look, rows);
    check_pixels(plan, name, look, rows);
  }
  check_patterns(seen.look, rows);
  check_ranges(seen, rows);
  return rows;
}

}  // namespace rangefinder::workflow
