#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "cuda/channel_kernels.h"
#include "cuda/device.h"
#include "cuda/key_counts.h"
#include "statistics/tensor_statistics.h"

namespace rangefinder::cuda {

/// Counters of the keys of each channel of one tensor on the device, from run to run: a page for
/// each octave that a channel touches (channel_kernels.h).
/// Cost: 2 KiB a channel, and 512 bytes for each octave of a channel.
class ChannelPages {
 public:
  ChannelPages(std::shared_ptr<const Device> device, uint64_t channels);

  uint64_t channel_count() const { return channels_; }
  /// As KeyCounts::has_room_for().
  bool has_room_for(uint64_t values) const { return have_room(pending_, values); }

  /// Counts each channel. Waits for what is in the stream, once, because new octaves need pages.
  /// One record for each channel, see BatchRecord. Throws Error if memory runs out.
  void count(const void* values, tensor::ElementType type, const LineShape& shape,
             BatchRecord* records, void* stream);
  /// Moves all counts into the histograms, one for each channel.
  void flush(std::span<statistics::TensorStatistics> into);

 private:
  void make_room();

  std::shared_ptr<const Device> device_;
  uint64_t channels_;
  Memory marks_;
  Memory assigned_;
  Memory directory_;
  Memory page_count_;
  Memory pages_;
  Event done_;
  uint64_t pending_ = 0;
};

}  // namespace rangefinder::cuda
