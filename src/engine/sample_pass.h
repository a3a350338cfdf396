#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "data/sample_source.h"
#include "rangefinder/run_control.h"
#include "tensor/tensor.h"

namespace rangefinder::engine {

/// A sample that is still to be read.
struct PendingSample {
  /// What errors call it: its file.
  std::string name;
  /// Called once, by the worker that runs the sample. Throws Error, also what the check throws: see
  /// data::SampleSource::read_checked().
  std::function<tensor::NamedTensors(const data::HeaderCheck&)> read;
  /// Its place in the data, where that is not its place in the feed.
  std::optional<uint64_t> place = {};
};

/// Hands out the next sample, or nothing at the end. Called by one thread at a time, and not again
/// once it has ended.
using SampleFeed = std::function<std::optional<PendingSample>()>;

/// The samples of a data set in their order, read by the worker that runs them; the first `limit`
/// of them. `source` must outlive the feed.
SampleFeed feed_from(const data::SampleSource& source, std::optional<uint64_t> limit = {});

/// What a pass over samples is called when it tells of its progress.
struct Stage {
  std::string name = {};
  /// All samples; 0 if that is not known.
  size_t total = 0;
};

/// A moment at which no sample is under way, so that what was gathered is whole.
struct Rest {
  /// Samples done since the pass began.
  uint64_t done = 0;
  /// How long the first worker waited for the others.
  double waited_seconds = 0;
};

/// When a pass rests.
struct Rests {
  /// After so many samples for the first time; 0: never.
  uint64_t first = 0;
  /// Called by one thread while the others wait; returns after how many more samples the next rest
  /// comes (0: none does). What it throws ends the pass.
  std::function<uint64_t(const Rest&)> at = {};
};

/// The most workers that `jobs` asks for: one per core if it is not positive.
size_t worker_limit(int jobs);
/// How many workers a pass over so many samples gets: at least one. 0 samples: their number is not
/// known.
size_t worker_count(int jobs, size_t samples);

/// Calls work(worker, index, sample) for every sample, each worker number on a thread of its own.
/// Returns the number of samples.
///
/// Samples are handed out in order to whoever is free. If some fail, the pass ends early and the
/// exception of the first one in order is thrown, whatever the number of workers: all samples
/// before it were handed out earlier and are finished. What the feed throws counts as the failure
/// of the sample that it did not give. Throws Error when cancelled. There is no rest behind the
/// last sample unless it was due.
uint64_t for_each_sample(
    const SampleFeed& feed, size_t workers, const RunControl& control, const Stage& stage,
    const std::function<void(size_t worker, uint64_t index, const PendingSample& sample)>& work,
    const Rests& rests = {});

}  // namespace rangefinder::engine
