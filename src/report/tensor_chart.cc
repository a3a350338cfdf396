#include "report/tensor_chart.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "report/bins.h"
#include "report/html.h"
#include "report/range_study.h"

namespace rangefinder::report {
namespace {

using Json = nlohmann::ordered_json;

/// Neighbouring channels share an entry where there are more.
constexpr size_t kMostChannels = 160;

Json log_json(const LogBins& bins) {
  return {{"o", bins.first_octave},
          {"b", bins.per_octave},
          {"n", packed_counts(bins.negative)},
          {"p", packed_counts(bins.positive)},
          {"u", short_number(bins.below)}};
}

Json linear_json(const LinearBins& bins) {
  return {{"a", short_number(bins.lower)},
          {"w", short_number(bins.width)},
          {"c", packed_counts(bins.counts)}};
}

void add_ranges(const RangeStudy& study, Json& chart) {
  for (const auto& choice : study.choices) {
    chart["q"].push_back({choice.method, short_number(choice.lower), short_number(choice.upper),
                          short_number(choice.sqnr_db, 4), short_number(choice.clipped_share, 4)});
  }
  for (const auto& point : study.curve) {
    chart["k"].push_back(short_number(point.sqnr_db, 3));
  }
}

/// Smallest and largest value of each channel.
std::vector<std::pair<float, float>> channel_extremes(const statistics::ObservedTensor& tensor) {
  std::vector<std::pair<float, float>> extremes;
  if (tensor.channels.size() > 1) {
    for (const auto& channel : tensor.channels) {
      const auto& seen = channel.extrema;
      extremes.emplace_back(seen.has_range() ? seen.min : 0, seen.has_range() ? seen.max : 0);
    }
  } else if (tensor.spread) {
    for (size_t i = 0; i < tensor.spread->channel_count(); ++i) {
      const bool is_empty = tensor.spread->min(i) > tensor.spread->max(i);
      extremes.emplace_back(is_empty ? 0 : tensor.spread->min(i),
                            is_empty ? 0 : tensor.spread->max(i));
    }
  }
  return extremes;
}

void add_channels(const std::vector<std::pair<float, float>>& extremes, Json& chart) {
  if (extremes.size() < 2) return;
  const size_t group = (extremes.size() + kMostChannels - 1) / kMostChannels;
  Json lower = Json::array();
  Json upper = Json::array();
  for (size_t begin = 0; begin < extremes.size(); begin += group) {
    auto [low, high] = extremes[begin];
    for (size_t i = begin + 1; i < std::min(extremes.size(), begin + group); ++i) {
      low = std::min(low, extremes[i].first);
      high = std::max(high, extremes[i].second);
    }
    lower.push_back(short_number(low, 3));
    upper.push_back(short_number(high, 3));
  }
  chart["h"] = {extremes.size(), group, std::move(lower), std::move(upper)};
}

}  // namespace

Json tensor_chart(const statistics::ObservedTensor& tensor, const statistics::TensorStatistics& all,
                  const quantization::TensorQuantizationConfig& config, bool with_ranges) {
  Json chart = {{"g", log_json(log_bins(all.histogram))}, {"l", linear_json(linear_bins(all))}};
  if (with_ranges) add_ranges(study_ranges(all, config), chart);
  add_channels(channel_extremes(tensor), chart);
  return chart;
}

}  // namespace rangefinder::report
