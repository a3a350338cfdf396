#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "rangefinder/export.h"
#include "rangefinder/statistics.h"
#include "rangefinder/tensor.h"
#include "rangefinder/tensor_place.h"

namespace rangefinder {

/// Counts tensors of a network that runs elsewhere, e.g. in PyTorch, where they lie: observe()
/// without a model.
///
///     rangefinder::TensorCounter counter;
///     for (const auto& call : calls) counter.count("fc1", call.view());
///     counter.statistics().save("activations.rfs");
///
/// Nothing of a tensor is kept but counts, and of matrices the largest values of rows. Of the same
/// values the statistics are the same, bit for bit, wherever they lie. One thread at a time.
class RANGEFINDER_API TensorCounter {
 public:
  TensorCounter();
  TensorCounter(TensorCounter&&) noexcept;
  TensorCounter& operator=(TensorCounter&&) noexcept;
  ~TensorCounter();

  /// One batch of a tensor: float32, float16 or bfloat16; together or, with an axis (from the back
  /// if negative), each channel by itself. On a CUDA device it is counted there, when what was put
  /// into the stream before is done; the values are no longer needed when this returns.
  ///
  /// Throws std::invalid_argument for another type, for an axis that the shape does not have, and
  /// if the type, the axis or the number of channels is not that of batches before; Error if the
  /// device cannot be used, fails or has no memory left.
  void count(const std::string& name, const TensorView& batch,
             std::optional<int64_t> channel_axis = {}, const TensorPlace& place = {});

  /// What was counted up to now, in the order of names. It knows of no model and no samples:
  /// statistics of the same tensors merge, whatever was counted.
  Statistics statistics() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace rangefinder
