#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "rangefinder/export.h"
#include "rangefinder/picture_options.h"
#include "rangefinder/tensor.h"

namespace rangefinder {

/// Yields the next sample, or nothing at the end. Called by one thread at a time.
using SampleGenerator = std::function<std::optional<NamedTensors>()>;

/// Samples to calibrate on or to judge by: each one tensor per input name, or a single tensor of
/// the name "" for a model with one input. Copies share their place in the data.
///
///     auto files = rangefinder::SampleSource::from_files({"calibration/"});
///     auto memory = rangefinder::SampleSource::from_memory({{{"x", tensor}}, ...});
///     auto stream = rangefinder::SampleSource::from_generator([&] { return loader.next(); });
///
/// Samples are read when they are needed and forgotten at once.
class RANGEFINDER_API SampleSource {
 public:
  /// .npy and .npz files, pictures, tar archives of them and folders, in natural order; "@list.txt"
  /// for the paths in a file, one a line; a named pipe or "-", standard input, for .npy after .npy,
  /// which passes by once (docs/data.md). Throws Error: a path that is not there, an unknown
  /// extension, no samples, several kinds mixed, a pipe beside others, a damaged archive; a damaged
  /// file when it is read. Throws std::invalid_argument if `pictures` says something and there are
  /// none.
  static SampleSource from_files(const std::vector<std::filesystem::path>& paths,
                                 const PictureOptions& pictures = {});
  /// Throws std::invalid_argument if there are none.
  static SampleSource from_memory(std::vector<NamedTensors> samples);
  /// A stream of unknown length. Without `rewind` it passes by once: methods that must see the data
  /// again refuse it by name before the work. With it, `rewind()` must start the same samples anew.
  /// What either throws ends the work and reaches the caller as it is. A stream that yields more
  /// than `endless_after` samples without a limit (QuantizeOptions::samples) is taken for endless:
  /// Error.
  static SampleSource from_generator(SampleGenerator next, std::function<void()> rewind = {},
                                     uint64_t endless_after = 1'000'000);

  /// The next sample; nothing at the end. Throws Error naming the file.
  std::optional<NamedTensors> next();
  /// Goes back to the first sample. Returns false if the source passes by only once.
  bool rewind();
  /// How many samples there are in all; nothing if only the end will tell.
  std::optional<uint64_t> size() const;

  struct State;
  explicit SampleSource(std::shared_ptr<State> state);
  State& state() const { return *state_; }

 private:
  std::shared_ptr<State> state_;
};

}  // namespace rangefinder
