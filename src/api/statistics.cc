#include "rangefinder/statistics.h"

#include <fmt/format.h>

#include <stdexcept>
#include <utility>

#include "api/statistics_state.h"
#include "base/cancellation.h"

namespace rangefinder {
namespace {

statistics::TensorStatistics whole(const statistics::ObservedTensor& tensor) {
  statistics::TensorStatistics all;
  for (const auto& channel : tensor.channels) all.merge(channel);
  return all;
}

}  // namespace

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
  const Cancellation heeded(control.cancelled);
  if (files.empty()) throw std::invalid_argument("no statistics file was given");
  statistics::StatisticsFile all = statistics::read_statistics(files.front());
  for (const auto& file : files.subspan(1)) {
    stop_if_cancelled();
    all.merge(statistics::read_statistics(file), file.string());
  }
  return statistics_of(std::move(all));
}

void Statistics::save(const std::filesystem::path& file) const {
  statistics::write_statistics(file, state_->content);
}

std::string Statistics::bytes() const { return statistics::serialize(state_->content); }

void Statistics::merge(const Statistics& other) {
  state_->content.merge(other.state_->content, other.state_->file.string());
}

uint64_t Statistics::sample_count() const { return state_->content.sample_count(); }

std::vector<ObservedValues> Statistics::tensors() const {
  std::vector<ObservedValues> tensors;
  for (const auto& tensor : state_->content.tensors) {
    if (tensor.holds_sums_alone) continue;
    const auto all = whole(tensor);
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
    for (const auto& [lower, upper, count] : whole(observed).histogram.buckets()) {
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

}  // namespace rangefinder
