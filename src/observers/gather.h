#pragma once

#include <optional>
#include <vector>

#include "observers/observer.h"
#include "statistics/counter.h"

namespace rangefinder::observers {

/// Gathers from raw batches what an observer needs and the engine would count in flight:
/// statistics and per-batch figures of every channel, the largest values of every row.
class Gatherer {
 public:
  Gatherer(const quantization::TensorQuantizationConfig& config, const Needs& needs);

  /// One batch, float32, row-major. A batch without elements changes nothing.
  /// Throws Error if the channel axis or the row axis is out of range for the batch's shape, or
  /// the batch has another number of channels than those before it.
  void add(const tensor::TensorView& batch);

  /// What was seen so far; refers to this object.
  Observations observations() const;
  std::span<const statistics::TensorStatistics> channels() const { return channels_; }

 private:
  statistics::ChannelLayout layout_of(const tensor::TensorView& batch) const;
  void add_channels(const tensor::TensorView& batch);
  void add_rows(const tensor::TensorView& batch);

  quantization::TensorQuantizationConfig config_;
  Needs needs_;
  statistics::Counter counter_;
  std::vector<statistics::TensorStatistics> channels_;
  std::vector<statistics::BatchFigures> batches_;
  std::optional<statistics::RowTop> rows_;
};

}  // namespace rangefinder::observers
