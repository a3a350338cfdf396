// An output channel c of rounded weights differs from the float model's by the sum over inputs i of
// e_ci x_i, e = W - Wq. Of that error the mean over samples and positions, the shift, can be put
// into the bias. It is estimated as a ratio, sum of errors over number of values, and the parts of
// the samples that the sums are kept apart for tell its variance. With estimates m_c of shifts
// mu_c, correcting by s m_c leaves sum (mu_c - s m_c)^2, in expectation least where s = sum mu_c^2
// / sum (mu_c^2 + var m_c), which is estimated by 1 - sum var m_c / sum m_c^2: one figure for all
// channels of a node, because that of one channel would be noise.

#include "refine/correct_bias.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

#include "base/error.h"
#include "graph/attributes.h"
#include "graph/constants.h"
#include "passes/weight_layout.h"
#include "refine/matmul_summand.h"

namespace rangefinder::refine {
namespace {

using statistics::ChannelSums;

constexpr size_t kParts = ChannelSums::kPartCount;
using PerPart = std::array<double, kParts>;

/// Bias codes that quantize_weight() takes, too.
constexpr double kLargestBias = 0x1p30;

/// Sums over what each part of the samples showed.
struct InputSums {
  PerPart value_counts = {};
  /// One for each input channel.
  std::vector<PerPart> sums = {};
  size_t part_count = 0;
  double value_count = 0;
};

InputSums read(const ChannelSums& inputs) {
  InputSums result{.sums = std::vector<PerPart>(inputs.channel_count())};
  for (size_t p = 0; p < kParts; ++p) {
    const ChannelSums::Part& part = inputs.parts()[p];
    result.value_counts[p] = static_cast<double>(part.value_count);
    result.value_count += result.value_counts[p];
    result.part_count += part.value_count > 0;
    for (size_t c = 0; c < part.sums.size(); ++c) result.sums[c][p] = part.sums[c].value();
  }
  return result;
}

/// The mean error of an output.
struct Shift {
  double mean = 0;
  /// Of the mean: how far it is not known.
  double variance = 0;
};

/// From the sums of the error over each part: the ratio and its grouped variance (Cochran 1977,
/// section 6.4).
Shift shift_of(const PerPart& error_sums, const InputSums& inputs) {
  double total = 0;
  for (const double sum : error_sums) total += sum;
  Shift shift{.mean = total / inputs.value_count};
  for (size_t p = 0; p < kParts; ++p) {
    const double residual = error_sums[p] - shift.mean * inputs.value_counts[p];
    shift.variance += residual * residual;
  }
  const auto parts = static_cast<double>(inputs.part_count);
  shift.variance *= parts / (parts - 1) / (inputs.value_count * inputs.value_count);
  return shift;
}

/// For each input channel of one output the real weights less the restored ones, summed over the
/// positions of the window.
std::vector<double> weight_errors(std::span<const float> reals, std::span<const int8_t> codes,
                                  float scale, size_t inputs) {
  std::vector<double> errors(inputs);
  for (size_t position = 0; position < reals.size(); position += inputs) {
    for (size_t i = 0; i < inputs; ++i) {
      const float restored = static_cast<float>(codes[position + i]) * scale;
      errors[i] += static_cast<double>(reals[position + i]) - static_cast<double>(restored);
    }
  }
  return errors;
}

PerPart error_sums(const std::vector<double>& errors, const InputSums& inputs, size_t first) {
  PerPart sums = {};
  for (size_t i = 0; i < errors.size(); ++i) {
    const PerPart& input = inputs.sums[first + i];
    for (size_t p = 0; p < kParts; ++p) sums[p] += errors[i] * input[p];
  }
  return sums;
}

/// The first input channel of an output: those of its group.
size_t first_input(size_t output, size_t output_count, size_t group_count, size_t inputs) {
  return output / (output_count / group_count) * inputs;
}

std::vector<Shift> shifts_of(const graph::Graph& graph, const onnx::NodeProto& node,
                             const InputSums& seen, const passes::QuantizedWeight& weight) {
  const auto layout = passes::weight_layout(node, weight.shape);
  const auto groups = static_cast<size_t>(graph::int_attribute(node, "group", 1));
  const size_t wanted = layout.inputs * groups;
  if (wanted != seen.sums.size()) {
    throw Error(fmt::format("sums of {} channels, {} are wanted", seen.sums.size(), wanted),
                {.node = node.name(), .tensor = node.input(0)});
  }
  const auto reals = layout.arrange(passes::read_weight(graph, node).floats());
  const auto codes = layout.arrange(weight.codes);
  const size_t size = layout.channel_size();
  std::vector<Shift> shifts;
  for (size_t c = 0; c < layout.channels; ++c) {
    const auto errors =
        weight_errors(std::span(reals).subspan(c * size, size),
                      std::span(codes).subspan(c * size, size), weight.scale_of(c), layout.inputs);
    const size_t first = first_input(c, layout.channels, groups, layout.inputs);
    shifts.push_back(shift_of(error_sums(errors, seen, first), seen));
  }
  return shifts;
}

/// The share of the shifts that is to be corrected.
double share_of(const std::vector<Shift>& shifts) {
  double power = 0;
  double variance = 0;
  for (const Shift& shift : shifts) {
    power += shift.mean * shift.mean;
    variance += shift.variance;
  }
  return power > variance ? 1 - variance / power : 0;
}

/// Scales of a bias that is not there yet; none if one is no normal number.
std::vector<float> bias_scales(const passes::QuantizedWeight& weight, float input_scale) {
  std::vector<float> scales;
  for (size_t c = 0; c < weight.channel_count; ++c) {
    scales.push_back(input_scale * weight.scale_of(c));
    if (!std::isnormal(scales.back())) return {};
  }
  return scales;
}

/// False if that changes nothing, or if the bias has no room for it.
bool add(double correction, float scale, int32_t& code) {
  const double step = std::nearbyint(correction / static_cast<double>(scale));
  const double sum = static_cast<double>(code) + step;
  if (step == 0 || !(std::abs(sum) <= kLargestBias)) return false;
  code = static_cast<int32_t>(sum);
  return true;
}

void add_to_codes(const std::vector<double>& corrections, float input_scale,
                  passes::QuantizedWeight& weight, BiasCorrection& told) {
  const bool is_new = weight.bias.empty();
  const std::vector<float> scales = is_new ? bias_scales(weight, input_scale) : weight.bias_scale;
  if (scales.empty()) {
    told.obstacle = "a bias would have no scale that is a normal number";
    return;
  }
  std::vector<int32_t> bias = is_new ? std::vector<int32_t>(corrections.size()) : weight.bias;
  for (size_t c = 0; c < corrections.size(); ++c) {
    told.corrected_count += add(corrections[c], scales[c], bias[c]);
  }
  if (told.corrected_count == 0) return;
  weight.bias = std::move(bias);
  weight.bias_scale = scales;
}

void add_to_floats(const std::vector<double>& corrections, passes::QuantizedWeight& weight,
                   BiasCorrection& told) {
  weight.float_bias.resize(corrections.size());
  for (size_t c = 0; c < corrections.size(); ++c) {
    const float before = weight.float_bias[c];
    weight.float_bias[c] += static_cast<float>(corrections[c]);
    told.corrected_count += weight.float_bias[c] != before;
  }
}

void add_to_summand(const graph::Graph& graph, const onnx::NodeProto& matmul,
                    const std::vector<double>& corrections, passes::QuantizedWeight& weight,
                    BiasCorrection& told) {
  const auto summand = matmul_summand(graph, matmul);
  if (!summand) throw std::invalid_argument("no constant is added to this MatMul");
  const auto& uses = graph.uses(matmul.output(0));
  tensor::Tensor values =
      graph::read_constant(*graph.initializer(uses.front().node->input(summand->input)));
  for (size_t c = 0; c < corrections.size(); ++c) {
    const float before = values.floats()[c];
    values.floats()[c] += static_cast<float>(corrections[c]);
    told.corrected_count += values.floats()[c] != before;
  }
  if (told.corrected_count == 0) return;
  weight.summand = passes::ChangedConstant{summand->node, summand->input, std::move(values)};
}

}  // namespace

BiasCorrection correct_bias(const graph::Graph& graph, const onnx::NodeProto& node,
                            float input_scale, const ChannelSums& inputs,
                            passes::QuantizedWeight& weight) {
  BiasCorrection told{.node = node.name(), .channel_count = weight.channel_count};
  const InputSums seen = read(inputs);
  if (seen.part_count < 2) {
    told.obstacle = "too few samples to tell how far the means of its inputs are to be trusted";
    return told;
  }
  const std::vector<Shift> shifts = shifts_of(graph, node, seen, weight);
  told.share = share_of(shifts);
  std::vector<double> corrections;
  for (const Shift& shift : shifts) corrections.push_back(told.share * shift.mean);
  if (node.op_type() == "MatMul") {
    add_to_summand(graph, node, corrections, weight, told);
  } else if (weight.has_float_bias) {
    add_to_floats(corrections, weight, told);
  } else {
    add_to_codes(corrections, input_scale, weight, told);
  }
  return told;
}

}  // namespace rangefinder::refine
