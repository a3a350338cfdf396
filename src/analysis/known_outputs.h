#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>

#include "tensor/tensor.h"

namespace rangefinder::analysis {

/// What a float model gives on the samples that judge it, so that it runs on each of them but once,
/// whoever asks. Samples are known by their place: those held out first, behind them those that
/// join them. Several threads may use it.
class KnownOutputs {
 public:
  using Values = std::shared_ptr<const tensor::NamedTensors>;
  /// Of all samples together; of borrowed outputs, which come while more else is in memory.
  static constexpr uint64_t kMostBytes = uint64_t{64} << 20;
  static constexpr uint64_t kMostBorrowedBytes = uint64_t{32} << 20;

  explicit KnownOutputs(uint64_t most_bytes = kMostBytes) : most_bytes_(most_bytes) {}

  /// Null if they are not known.
  Values find(uint64_t sample) const;
  /// Null, too, if one of `outputs` is not among them.
  Values find(uint64_t sample, std::span<const std::string> outputs) const;
  /// Returns them. Keeps them, instead of those that there were, if all are no more than
  /// `most_bytes` then.
  Values keep(uint64_t sample, tensor::NamedTensors values, uint64_t most_bytes = kMostBytes);
  /// For outputs of another form of the model: all of them are borrowed then, and checked together.
  void borrow(uint64_t sample, tensor::NamedTensors values);

  bool empty() const;
  uint64_t bytes() const;
  /// Whether borrow() would keep so many more bytes.
  bool has_room_to_borrow(uint64_t more_bytes) const;
  /// Whether keep() had no room.
  bool is_full() const;
  void clear();

  /// Whether another form of the model gave them, and it is still to be seen that they differ from
  /// the model's own by rounding alone.
  bool are_borrowed() const;
  void set_borrowed(bool are_borrowed);

 private:
  const uint64_t most_bytes_;
  mutable std::mutex mutex_;
  std::map<uint64_t, Values> values_;
  uint64_t bytes_ = 0;
  bool is_full_ = false;
  bool are_borrowed_ = false;
};

}  // namespace rangefinder::analysis
