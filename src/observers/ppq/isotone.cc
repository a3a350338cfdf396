#include "observers/ppq/isotone.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <stdexcept>

#include "observers/ppq/affine.h"
#include "observers/ppq/batch.h"

namespace rangefinder::observers::ppq {
namespace {

// An end of the interval of scales that keep a row. Upper ends sort before lower ones ('max' is
// less than 'min' as text).
struct End {
  double scale;
  bool is_lower;

  bool operator<(const End& other) const {
    return scale < other.scale || (scale == other.scale && !is_lower && other.is_lower);
  }
};

// The first lower end at which most intervals are open.
std::optional<double> most_covered(std::vector<End> ends) {
  std::stable_sort(ends.begin(), ends.end());
  std::optional<double> best;
  int64_t open = 0;
  int64_t most = 0;
  for (const End& end : ends) {
    open += end.is_lower ? 1 : -1;
    if (open > most) {
      most = open;
      best = end.scale;
    }
  }
  return best;
}

// The original takes the two largest along the given axis of a 2-D view whose rows lie along the
// last: right for the last axis only (and for axis 1, which it then reads as the view's last).
void check_axis(int64_t axis, size_t rank) {
  const auto dimensions = static_cast<int64_t>(rank);
  if (axis == -1 || axis == dimensions - 1) return;
  if (axis == 1 && dimensions > 1) return;
  throw Error("PPQ's isotone works on axis -1 or 1, found " + std::to_string(axis) + " for " +
              std::to_string(rank) + " dimensions.");
}

}  // namespace

Isotone::Isotone(const quantization::TensorQuantizationConfig& config, int64_t axis)
    : config_(config), axis_(axis) {
  if (config.is_per_channel()) {
    throw std::invalid_argument("PPQ's isotone refuses per-channel configs.");
  }
}

void Isotone::observe(const tensor::TensorView& batch) {
  const std::span<const float> values = finite_values(batch);
  const size_t rank = batch.shape.size();
  if (rank == 0) throw Error("PPQ's isotone refuses a scalar: there are no rows.");
  check_axis(axis_, rank);
  const size_t axis = axis_ < 0 ? rank - 1 : static_cast<size_t>(axis_);
  const auto length = static_cast<size_t>(batch.shape[axis]);
  if (length < 2) throw Error("PPQ's isotone refuses rows of one element.");
  size_t inner = 1;
  for (size_t i = axis + 1; i < rank; ++i) inner *= static_cast<size_t>(batch.shape[i]);
  for (size_t row = 0; row < values.size() / length; ++row) {
    const size_t first = row / inner * length * inner + row % inner;
    Row top = {-INFINITY, -INFINITY};
    for (size_t i = 0; i < length; ++i) {
      const float value = values[first + i * inner];
      top.second = std::max(top.second, std::min(value, top.largest));
      top.largest = std::max(top.largest, value);
    }
    rows_.push_back(top);
  }
}

Solution Isotone::solve(const Observations& /*observations*/) {
  if (rows_.empty()) throw no_data();
  std::vector<End> ends;
  double largest = 0;
  for (const Row& row : rows_) {
    largest = config_.is_symmetric() ? std::fabs(row.largest) : row.largest;
    const double second = config_.is_symmetric() ? std::fabs(row.second) : row.second;
    const double least = std::max(second / (static_cast<double>(config_.quant_max) - .51), 0.0);
    const double most = 2 * (largest - std::max(second, 0.0));
    if (most <= least || largest <= 0) continue;
    ends.push_back({least, true});
    ends.push_back({most, false});
  }
  const std::optional<double> scale = most_covered(std::move(ends));
  if (!scale) return {.parameters = {affine_from_range(0, largest, config_).rounded()}};
  return {.parameters = {ScaleAndOffset{*scale, 0}.rounded()}};
}

}  // namespace rangefinder::observers::ppq
