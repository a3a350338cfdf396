#include "engine/latency.h"

#include <time.h>

#include <chrono>
#include <stdexcept>

#include "base/median.h"
#include "engine/session.h"

namespace rangefinder::engine {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// Seconds that the calling thread computed so far. A model that runs on one thread computes on the
/// one that calls; what else the machine does then takes wall-clock time, but none of this.
double thread_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

double seconds_of(Session& session, const tensor::NamedTensors& sample,
                  const std::string& sample_name, bool is_on_one_thread) {
  const auto start = Clock::now();
  const double thread_start = thread_seconds();
  session.execute(sample, sample_name);
  return is_on_one_thread ? thread_seconds() - thread_start : seconds_since(start);
}

}  // namespace

MedianLatency median_latency(std::span<Session* const> sessions, const tensor::NamedTensors& sample,
                             const std::string& sample_name, const LatencyOptions& options) {
  if (options.least_runs < 1 || options.least_runs > options.most_runs) {
    throw std::invalid_argument("runs must satisfy 1 <= least <= most");
  }
  for (Session* session : sessions) {
    for (size_t i = 0; i < options.warm_up_runs; ++i) session->execute(sample, sample_name);
  }
  std::vector<std::vector<double>> times(sessions.size());
  const auto begin = Clock::now();
  MedianLatency latency;
  for (; latency.runs < options.most_runs; ++latency.runs) {
    if (latency.runs >= options.least_runs && seconds_since(begin) > options.seconds) break;
    for (size_t i = 0; i < sessions.size(); ++i) {
      times[i].push_back(seconds_of(*sessions[i], sample, sample_name, options.threads == 1));
    }
  }
  for (const auto& runs : times) latency.seconds.push_back(median(runs));
  return latency;
}

std::vector<double> median_latency(std::span<const ModelSource> models,
                                   const tensor::NamedTensors& sample,
                                   const std::string& sample_name, const LatencyOptions& options) {
  std::vector<Session> sessions;
  for (const ModelSource& model : models) {
    sessions.emplace_back(model, SessionOptions{.threads = options.threads});
  }
  std::vector<Session*> open;
  for (Session& session : sessions) open.push_back(&session);
  return median_latency(open, sample, sample_name, options).seconds;
}

}  // namespace rangefinder::engine
