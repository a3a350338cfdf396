#include "engine/finite_check.h"

#include <fmt/format.h>

#include <utility>

#include "base/error.h"

namespace rangefinder::engine {
namespace {

[[noreturn]] void report_nonfinite(const std::string& sample, const std::string& tensor,
                                   const ChannelStatistics& seen) {
  statistics::Extrema all;
  for (const auto& channel : seen) all.merge(channel.extrema);
  const char* what = all.nan_count == 0          ? "infinite values"
                     : all.infinity_count() == 0 ? "NaN"
                                                 : "NaN and infinite values";
  throw Error(
      fmt::format("shows {} on {}; allowed are finite values, unless they are to be ignored", what,
                  sample),
      {.tensor = tensor});
}

}  // namespace

void refuse_nonfinite(ObserveSlots& slots, const std::string& sample,
                      std::span<const ObservedTensor> tensors,
                      std::span<const size_t> graph_order) {
  for (const size_t tensor : graph_order) {
    if (slots.saw_nonfinite(tensor)) {
      report_nonfinite(sample, tensors[tensor].name, slots.slots()[tensor].channels);
    }
  }
}

FiniteCheck::FiniteCheck(ModelSource model, std::vector<ObservedTensor> tensors)
    : model_(std::move(model)), tensors_(std::move(tensors)), slots_(tensors_.size()) {}

void FiniteCheck::open() {
  open_instrumented(model_, tensors_, Layouts::kAny, [&](InstrumentedModel instrumented) {
    instrumented_ = std::move(instrumented);
    session_.emplace(instrumented_.model, session_options(instrumented_, slots_));
  });
}

void FiniteCheck::require(const tensor::NamedTensors& sample, const std::string& name) {
  const std::lock_guard lock(mutex_);
  if (tensors_.empty()) return;
  if (!session_) open();
  // What the last sample showed must not be blamed on this one.
  for (size_t tensor = 0; tensor < tensors_.size(); ++tensor) slots_.take(tensor);
  session_->execute(sample, name);
  refuse_nonfinite(slots_, name, tensors_, instrumented_.graph_order);
}

}  // namespace rangefinder::engine
