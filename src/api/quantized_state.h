#pragma once

#include <mutex>
#include <optional>
#include <stdexcept>
#include <utility>

#include "api/statistics_state.h"
#include "rangefinder/quantize.h"
#include "workflow/quantize.h"

namespace rangefinder {

struct QuantizedModel::State {
  State(workflow::Quantized result, std::optional<Model> made, bool with_statistics)
      : quantized(std::move(result)), model(std::move(made)), has_statistics(with_statistics) {}

  const workflow::Quantized quantized;
  /// None on ranks that only helped to observe.
  const std::optional<Model> model;
  const bool has_statistics;

  /// Made for the first who asks: of a network with many tensors they are large.
  const std::optional<Statistics>& statistics() const {
    if (has_statistics) {
      std::call_once(asked_, [this] { copy_ = statistics_of(quantized.statistics); });
    }
    return copy_;
  }

  void require_model() const {
    if (!model) throw std::invalid_argument("the model is at rank 0; this rank helped to observe");
  }

 private:
  mutable std::once_flag asked_;
  mutable std::optional<Statistics> copy_;
};

}  // namespace rangefinder
