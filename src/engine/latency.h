#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "engine/model_source.h"
#include "engine/session.h"
#include "tensor/tensor.h"

namespace rangefinder::engine {

struct LatencyOptions {
  /// Threads that one operator may use.
  int threads = 1;
  /// Of each model, before those that count; none where the sessions have just run such samples.
  size_t warm_up_runs = 2;
  /// Timed runs of each model: at least so many, then until the time is up.
  size_t least_runs = 11;
  size_t most_runs = 1001;
  double seconds = 1;
};

/// Medians over the timed runs.
struct MedianLatency {
  /// Of each model.
  std::vector<double> seconds = {};
  /// Timed runs of each.
  size_t runs = 0;
};

/// Median seconds that each model takes for one sample, by sessions that are open and have
/// `options.threads`. See the function below.
MedianLatency median_latency(std::span<Session* const> sessions, const tensor::NamedTensors& sample,
                             const std::string& sample_name = {},
                             const LatencyOptions& options = {});

/// Median seconds that each model takes for one sample, fully optimized.
///
/// The models run in turn, so that what else the machine does meets all of them alike. On one
/// thread, what counts is the time for which that computes, not what others take of it. Throws
/// Error as Session does, std::invalid_argument unless 1 <= least_runs <= most_runs.
std::vector<double> median_latency(std::span<const ModelSource> models,
                                   const tensor::NamedTensors& sample,
                                   const std::string& sample_name = {},
                                   const LatencyOptions& options = {});

}  // namespace rangefinder::engine
