#include "cuda/key_counts.h"

#include <algorithm>
#include <array>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "cuda/values.h"

namespace rangefinder::cuda {

bool have_room(uint64_t pending, uint64_t values) {
  constexpr uint64_t kMost = std::numeric_limits<uint32_t>::max();
  return values <= kMost && pending <= kMost - values;
}

void add_octave(const uint32_t* counts, uint32_t octave, statistics::ValueHistogram& into) {
  std::array<uint64_t, kBucketsPerOctave> wide;
  std::copy_n(counts, kBucketsPerOctave, wide.begin());
  into.add_octave(octave, wide);
}

KeyCounts::KeyCounts(std::shared_ptr<const Device> device)
    : device_(std::move(device)),
      memory_(device_, kKeys * sizeof(uint32_t), "the counts of a tensor") {}

void KeyCounts::flush(statistics::ValueHistogram& into) {
  if (std::exchange(pending_, 0) == 0) return;
  std::vector<uint32_t> counts(kKeys);
  device_->copy_to_host(std::as_writable_bytes(std::span(counts)), memory_.address());
  device_->clear(memory_.address(), memory_.size());
  for (uint32_t octave = 0; octave < kOctaves; ++octave) {
    add_octave(&counts[octave * kBucketsPerOctave], octave, into);
  }
}

}  // namespace rangefinder::cuda
