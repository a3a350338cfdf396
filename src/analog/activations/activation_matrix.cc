#include "analog/activations/activation_matrix.h"

#include <numeric>
#include <stdexcept>

namespace rangefinder::analog {
namespace {

uint64_t occurrences(const CoverageBlock& block) {
  const uint64_t channel =
      block.weights.empty()
          ? static_cast<uint64_t>(block.uniform) * static_cast<uint64_t>(block.length)
          : std::accumulate(block.weights.begin(), block.weights.end(), uint64_t{0});
  return channel * static_cast<uint64_t>(block.channels);
}

}  // namespace

PatchPlan::PatchPlan(PatchGeometry shape, std::vector<ColumnRange> columns, int64_t block)
    : geometry(shape),
      slices(std::move(columns)),
      channel_block(block),
      sample_size(stored_size(shape, block)),
      zero_windows(shape, block) {
  for (const ColumnRange& slice : slices) {
    coverage.push_back(column_coverage(geometry, slice));
    runs.push_back(sample_runs(geometry, coverage.back(), channel_block));
    covered.push_back(0);
    for (const CoverageBlock& covering : coverage.back()) covered.back() += occurrences(covering);
  }
}

ActivationMatrix::ActivationMatrix(const PatchPlan& plan, std::span<const float> values)
    : plan_(&plan), values_(values) {
  if (values.size() % plan.sample_size != 0) {
    throw std::invalid_argument("activations do not divide into samples");
  }
  sample_count_ = values.size() / plan.sample_size;
}

uint64_t ActivationMatrix::kept_row_count() const {
  if (kept_rows_ < 0) {
    kept_rows_ = static_cast<int64_t>(row_count()) - plan_->zero_windows.count(values_);
  }
  return static_cast<uint64_t>(kept_rows_);
}

uint64_t ActivationMatrix::entry_count(size_t slice) const {
  return kept_row_count() * static_cast<uint64_t>(plan_->slices.at(slice).width());
}

int64_t ActivationMatrix::unseen_zero_count(size_t slice) const {
  return static_cast<int64_t>(entry_count(slice)) -
         static_cast<int64_t>(plan_->covered.at(slice) * sample_count_);
}

std::span<const float> ActivationMatrix::sample_of(uint64_t row) const {
  const auto windows = static_cast<uint64_t>(plan_->geometry.windows());
  return values_.subspan(row / windows * plan_->sample_size, plan_->sample_size);
}

bool ActivationMatrix::copy_row(uint64_t row, std::span<float> target) const {
  const int64_t window = static_cast<int64_t>(row) % plan_->geometry.windows();
  copy_window(plan_->geometry, sample_of(row), window, target, plan_->channel_block);
  return !all_zero(target);
}

bool ActivationMatrix::copy_entries(uint64_t row, std::span<float> target) const {
  const int64_t window = static_cast<int64_t>(row) % plan_->geometry.windows();
  copy_window_entries(plan_->geometry, sample_of(row), window, target, plan_->channel_block);
  return !all_zero(target);
}

}  // namespace rangefinder::analog
