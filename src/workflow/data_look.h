#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "engine/sample_pass.h"
#include "tensor/tensor.h"

namespace rangefinder::workflow {

/// What samples show of one float32 input.
struct InputLook {
  size_t sample_count = 0;
  /// Samples in which all values are the same, and of those the ones in which that is zero.
  size_t constant_count = 0;
  size_t zero_count = 0;
  /// Samples of different whole numbers from 0 to 255 that are not all 0 or 1, as pictures have.
  size_t pixel_count = 0;
  /// Of all values that are no NaN.
  float minimum = 0;
  float maximum = 0;
  double squares = 0;
  uint64_t count = 0;
  /// Four dimensions, and 1, 3 or 4 channels in the second or last.
  bool is_picture = false;

  void merge(const InputLook& other);
  bool operator==(const InputLook&) const = default;
};

/// What a set of samples looks like. Made by DataWatch.
struct DataLook {
  /// By the names that samples have for inputs.
  std::map<std::string, InputLook> inputs = {};
  /// By their place in the set; the hash tells apart what they hold, whatever their names.
  struct Sample {
    std::string name = {};
    uint64_t hash = 0;
    bool operator==(const Sample&) const = default;
  };
  std::map<uint64_t, Sample> samples = {};

  bool operator==(const DataLook&) const = default;
};

/// Looks at samples while they are read for something else: nothing is read twice or kept. The
/// look is the same for any number of threads that read.
class DataWatch {
 public:
  /// The same samples; what they show is noted when they are read, by their place in the feed
  /// unless they have one of their own. The watch must outlive the feed.
  engine::SampleFeed watch(engine::SampleFeed feed);

  /// What was read so far.
  DataLook look() const;

  /// What was read so far, as bytes.
  std::string bytes() const;
  /// Adds what another watch read of other samples. Throws Error naming `from`.
  void add(std::string_view bytes, const std::string& from);
  void clear();

 private:
  void note(uint64_t index, const std::string& name, const tensor::NamedTensors& sample);

  mutable std::mutex mutex_;
  /// By sample, because sums of squares depend on their order.
  std::map<uint64_t, std::map<std::string, InputLook>> inputs_;
  std::map<uint64_t, DataLook::Sample> samples_;
};

}  // namespace rangefinder::workflow
