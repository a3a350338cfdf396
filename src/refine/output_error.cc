#include "refine/output_error.h"

#include <algorithm>

#include "base/parallel.h"
#include "refine/simd/multiply_add.h"

namespace rangefinder::refine {
namespace {

constexpr size_t kChannels = 64;

/// Rows as the steps that they are from zero.
std::vector<float> steps(const CodeRows& rows) {
  std::vector<float> values(rows.codes.size());
  std::transform(rows.codes.begin(), rows.codes.end(), values.begin(),
                 [&](uint8_t code) { return static_cast<float>(code - rows.zero); });
  return values;
}

/// One sum for each of `count` channels from `first` on.
std::vector<double> squares(const std::vector<float>& rows, const ChannelWeights& weights,
                            const std::vector<int8_t>& codes, size_t first, size_t count) {
  std::vector<float> errors(weights.columns * count);
  for (size_t k = 0; k < weights.columns; ++k) {
    for (size_t c = 0; c < count; ++c) {
      const size_t place = k * weights.channels + first + c;
      errors[k * count + c] = weights.reals[place] - static_cast<float>(codes[place]);
    }
  }
  const size_t row_count = rows.size() / weights.columns;
  std::vector<float> outputs(row_count * count);
  simd::multiply_add({rows.data(), weights.columns, 1}, errors.data(), count,
                     {outputs.data(), count}, {row_count, count, weights.columns});
  std::vector<double> sums(count);
  for (size_t i = 0; i < outputs.size(); ++i) {
    const double output = static_cast<double>(outputs[i]);
    sums[i % count] += output * output;
  }
  return sums;
}

}  // namespace

std::vector<ChannelLoss> output_errors(const CodeRows& rows, const ChannelWeights& weights,
                                       const std::vector<int8_t>& codes) {
  std::vector<ChannelLoss> errors(weights.channels);
  if (weights.columns == 0) return errors;
  const std::vector<float> values = steps(rows);
  parallel_for((weights.channels + kChannels - 1) / kChannels, [&](size_t chunk) {
    const size_t first = chunk * kChannels;
    const size_t count = std::min(kChannels, weights.channels - first);
    const auto before = squares(values, weights, weights.codes, first, count);
    const auto after = squares(values, weights, codes, first, count);
    for (size_t c = 0; c < count; ++c) errors[first + c] = {before[c], after[c]};
  });
  return errors;
}

}  // namespace rangefinder::refine
