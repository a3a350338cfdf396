#include "rangefinder/statistics.h"

#include <fmt/format.h>

#include <stdexcept>
#include <utility>

#include "api/statistics_state.h"
#include "statistics/all_channels.h"
#include "workflow/merge.h"

namespace rangefinder {

Statistics::Statistics(std::unique_ptr<State> state) : state_(std::move(state)) {}
Statistics::Statistics(const Statistics& other) : state_(std::make_unique<State>(*other.state_)) {}
Statistics::Statistics(Statistics&& other) noexcept = default;
Statistics& Statistics::operator=(Statistics other) noexcept {
  state_ = std::move(other.state_);
  return *this;
}
Statistics::~Statistics() = default;

Statistics Statistics::load(const std::filesystem::path& file) {
  return statistics_of(statistics::read_statistics(file), file);
}

Statistics Statistics::parse(std::string_view bytes) {
  return statistics_of(statistics::parse_statistics(bytes, "the statistics"));
}

Statistics Statistics::load_all(std::span<const std::filesystem::path> files,
                                const RunControl& control) {
  auto merged = workflow::merge_files({.inputs = {files.begin(), files.end()}, .run = control});
  return statistics_of(std::move(merged.statistics));
}

void Statistics::save(const std::filesystem::path& file) const {
  statistics::write_statistics(file, state_->content);
}

std::string Statistics::bytes() const { return statistics::serialize(state_->content); }

void Statistics::merge(const Statistics& other) {
  state_->content.merge(other.state_->content, other.state_->file.string());
}

uint64_t Statistics::sample_count() const { return state_->content.sample_count(); }

uint64_t Statistics::missing_count() const {
  uint64_t count = 0;
  for (const auto& [data, samples] : state_->content.missing()) count += samples.count();
  return count;
}

std::vector<ObservedValues> Statistics::tensors() const {
  std::vector<ObservedValues> tensors;
  for (const auto& tensor : state_->content.tensors) {
    if (tensor.holds_sums_alone) continue;
    const auto all = statistics::all_channels(tensor);
    ObservedValues values{.name = tensor.name,
                          .channel_count = tensor.channels.size(),
                          .count = all.count(),
                          .zero_count = all.histogram.zero_count(),
                          .nan_count = all.extrema.nan_count,
                          .infinity_count = all.extrema.infinity_count()};
    if (all.extrema.has_range()) {
      values.min = all.extrema.min;
      values.max = all.extrema.max;
    }
    tensors.push_back(std::move(values));
  }
  return tensors;
}

std::vector<HistogramBucket> Statistics::histogram(std::string_view tensor) const {
  for (const auto& observed : state_->content.tensors) {
    if (observed.name != tensor || observed.holds_sums_alone) continue;
    std::vector<HistogramBucket> buckets;
    for (const auto& [lower, upper, count] :
         statistics::all_channels(observed).histogram.buckets()) {
      buckets.push_back({lower, upper, count});
    }
    return buckets;
  }
  throw std::invalid_argument(fmt::format("no tensor '{}' was observed", tensor));
}

std::string Statistics::model_fingerprint() const {
  return fmt::format("{:016x}", state_->content.model_fingerprint);
}

bool Statistics::operator==(const Statistics& other) const {
  return state_->content == other.state_->content;
}

MergedStatistics merge_files(const std::vector<std::filesystem::path>& files_or_folders,
                             const MergeOptions& options) {
  auto merged = workflow::merge_files({.inputs = files_or_folders,
                                       .output = options.output,
                                       .complete = options.complete,
                                       .run = options.run});
  return {statistics_of(std::move(merged.statistics)), merged.file_count, std::move(merged.gaps)};
}

}  // namespace rangefinder
