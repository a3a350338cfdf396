#pragma once

#include <atomic>
#include <cstddef>
#include <functional>

namespace rangefinder::engine {

/// How any pass over samples is run and watched.
struct PassOptions {
  /// Workers; 0: one per core. Never more than samples.
  int jobs = 0;
  /// Called after each sample with the samples done and all samples; one call at a time, from any
  /// worker.
  std::function<void(size_t done, size_t total)> progress = {};
  /// Set it to stop before the next sample.
  const std::atomic<bool>* cancelled = nullptr;
};

/// The most workers that `jobs` asks for: one per core if it is not positive.
size_t worker_limit(int jobs);
/// How many workers a pass over so many samples gets: at least one.
size_t worker_count(const PassOptions& options, size_t samples);

/// Calls work(worker, sample) for every sample, each worker number on a thread of its own.
///
/// Samples are handed out in order to whoever is free. If some fail, the pass ends early and the
/// exception of the first one in order is thrown, whatever the number of workers: all samples
/// before it were handed out earlier and are finished. Throws Error when cancelled.
void for_each_sample(size_t samples, size_t workers, const PassOptions& options,
                     const std::function<void(size_t worker, size_t sample)>& work);

}  // namespace rangefinder::engine
