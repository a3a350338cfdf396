#include "engine/latency.h"

#include <algorithm>
#include <chrono>
#include <stdexcept>

#include "engine/session.h"

namespace rangefinder::engine {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kWarmUpRuns = 2;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace

std::vector<double> median_latency(std::span<const ModelSource> models,
                                   const tensor::NamedTensors& sample,
                                   const std::string& sample_name, const LatencyOptions& options) {
  if (options.least_runs < 1 || options.least_runs > options.most_runs) {
    throw std::invalid_argument("runs must satisfy 1 <= least <= most");
  }
  std::vector<Session> sessions;
  for (const ModelSource& model : models) {
    sessions.emplace_back(model, SessionOptions{.threads = options.threads});
    for (int i = 0; i < kWarmUpRuns; ++i) sessions.back().execute(sample, sample_name);
  }
  std::vector<std::vector<double>> times(sessions.size());
  const auto begin = Clock::now();
  for (size_t run = 0; run < options.most_runs; ++run) {
    if (run >= options.least_runs && seconds_since(begin) > options.seconds) break;
    for (size_t i = 0; i < sessions.size(); ++i) {
      const auto start = Clock::now();
      sessions[i].execute(sample, sample_name);
      times[i].push_back(seconds_since(start));
    }
  }
  std::vector<double> medians;
  for (const auto& runs : times) medians.push_back(median(runs));
  return medians;
}

}  // namespace rangefinder::engine
