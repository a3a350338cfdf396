#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "data/sample_source.h"
#include "data/sample_stream.h"
#include "data/split.h"
#include "engine/sample_pass.h"
#include "statistics/sample_set.h"

namespace rangefinder::workflow {

/// Where the samples of a run come from: a list that can be read anywhere, or a stream.
struct SampleInput {
  std::shared_ptr<const data::SampleSource> list = {};
  data::SampleStream stream = {};
  /// The files and folders that were given for them, if any: no result may replace one.
  std::vector<std::filesystem::path> paths = {};
};

/// The samples of files, folders and lists, or of a pipe. Throws as data::open_samples() and
/// data::open_pipe() do.
SampleInput open_input(const std::vector<std::filesystem::path>& paths,
                       const data::PictureOptions& pictures = {});

/// The first `limit` samples, or all, as a list; those of a stream are kept in memory. Throws Error
/// if the stream goes on for too long.
std::shared_ptr<const data::SampleSource> as_list(const SampleInput& input,
                                                  std::optional<size_t> limit = {});

/// Which of them are calibrated on and which judge the result.
struct SplitOptions {
  /// Calibrate on the first so many.
  std::optional<size_t> samples = {};
  data::Shard shard = {};
  /// Hold out so many at most.
  size_t most_held_out = data::kMaxHeldOut;
  /// Judge by these; all of the input is then calibrated on.
  std::optional<SampleInput> held_out = {};
};

/// The samples of one run: those it calibrates on, as often as it asks, and those that judge it.
class Samples {
 public:
  virtual ~Samples() = default;

  /// The calibration samples from the first on. Throws Error if they pass by only once and have.
  virtual engine::SampleFeed calibration() = 0;
  virtual bool can_repeat() const = 0;
  /// Whether any of them can be had without those before it.
  virtual bool is_list() const { return false; }
  /// 0 while it is not known.
  virtual size_t calibration_count() const = 0;
  /// Which samples of which data set (by its fingerprint) those are. Known after a pass.
  virtual std::map<uint64_t, statistics::SampleSet> indices() const = 0;
  /// The same of all shards together, if there are others.
  virtual std::map<uint64_t, statistics::SampleSet> whole() const { return {}; }
  /// Size 0 if none could be held out. Known after a pass.
  virtual std::shared_ptr<const data::SampleSource> held_out() const = 0;
};

/// A list is split by data::split_held_out(). A stream by the same rule as far as it can be known
/// before the end: the 10th, 20th, ... sample is held out, as many as may be, of 2 to 9 samples the
/// last; with a number of samples to calibrate on, those that follow. Those are kept in
/// memory. Throws as data::split_held_out() and data::select_shard() do; std::invalid_argument for
/// a shard of a stream.
std::unique_ptr<Samples> split_samples(const SampleInput& input, const SplitOptions& options = {});

/// The same where nothing is judged: all are calibrated on.
std::unique_ptr<Samples> all_samples(const SampleInput& input);

/// Samples that judge a model, if there are so many: where fewer are held out, calibration samples
/// join them for the bounds of noise, which tell how samples differ, and for rows of scores.
inline constexpr size_t kMeasuredCount = 32;

/// `taken` of `total` samples, evenly spread; the others are not read. All if `total` is 0.
engine::SampleFeed spread(engine::SampleFeed feed, size_t taken, size_t total);

/// Samples, and how many there are.
struct CountedFeed {
  engine::SampleFeed feed;
  size_t count = 0;
};

}  // namespace rangefinder::workflow
