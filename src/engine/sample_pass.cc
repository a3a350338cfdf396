#include "engine/sample_pass.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <limits>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "base/cancellation.h"
#include "base/error.h"

namespace rangefinder::engine {
namespace {

using Work = std::function<void(size_t worker, uint64_t index, const PendingSample& sample)>;

/// The state of one pass; of failing samples the first in order counts.
class RunningPass {
 public:
  RunningPass(const SampleFeed& feed, const RunControl& control, const Stage& stage,
              const Work& work, const Rests& rests)
      : feed_(feed),
        control_(control),
        stage_(stage),
        work_(work),
        rests_(rests),
        next_rest_(rests.first) {}

  uint64_t run(size_t workers) {
    const Cancellation heeded(control_.cancelled);
    {
      std::vector<std::jthread> threads;
      for (size_t i = 1; i < workers; ++i) {
        threads.emplace_back([this, i, state = Cancellation::current()] {
          const CancellationOf inherited(state);
          run_worker(i);
        });
      }
      run_worker(0);
    }
    if (failure_) std::rethrow_exception(failure_);
    const bool all_are_done = ended_ || (stage_.total != 0 && done_ == stage_.total);
    if (is_cancelled() && !all_are_done) throw Error("interrupted");
    return done_;
  }

 private:
  using Clock = std::chrono::steady_clock;
  struct Task {
    uint64_t index;
    PendingSample sample;
  };

  void run_worker(size_t worker) {
    while (const std::optional<Task> task = next()) {
      try {
        work_(worker, task->index, task->sample);
        report_done();
      } catch (...) {
        fail(task->index, std::current_exception());
      }
    }
  }

  std::optional<Task> next() {
    std::unique_lock lock(mutex_);
    try {
      rest_if_due(lock);
      if (ended_ || failure_ || is_cancelled()) return std::nullopt;
      std::optional<PendingSample> sample = feed_();
      if (sample) {
        ++running_;
        return Task{started_++, std::move(*sample)};
      }
      ended_ = true;
    } catch (...) {
      failed_index_ = started_;
      failure_ = std::current_exception();
      idle_.notify_all();
    }
    return std::nullopt;
  }

  bool is_rest_due() const { return next_rest_ != 0 && started_ >= next_rest_ && !failure_; }

  /// Waits until no sample is under way; whoever sees that first calls the rest's function.
  void rest_if_due(std::unique_lock<std::mutex>& lock) {
    if (!is_rest_due()) return;
    if (!rest_began_) rest_began_ = Clock::now();
    idle_.wait(lock, [this] { return running_ == 0 || !is_rest_due(); });
    if (!is_rest_due() || is_cancelled()) return;
    const std::chrono::duration<double> waited = Clock::now() - *rest_began_;
    rest_began_.reset();
    const uint64_t more = rests_.at({.done = done_, .waited_seconds = waited.count()});
    next_rest_ = more == 0 ? 0 : started_ + more;
    idle_.notify_all();
  }

  /// A sample is no longer under way.
  void end_one() {
    if (--running_ == 0) idle_.notify_all();
  }

  void report_done() {
    const std::lock_guard lock(mutex_);
    ++done_;
    if (control_.progress) control_.progress(stage_.name, done_, stage_.total);
    end_one();
  }

  void fail(uint64_t index, std::exception_ptr failure) {
    const std::lock_guard lock(mutex_);
    end_one();
    if (index >= failed_index_) return;
    failed_index_ = index;
    failure_ = std::move(failure);
  }

  const SampleFeed& feed_;
  const RunControl& control_;
  const Stage& stage_;
  const Work& work_;
  const Rests& rests_;
  std::mutex mutex_;
  std::condition_variable idle_;
  uint64_t started_ = 0;
  size_t running_ = 0;
  /// Of all that were started; 0: none any more.
  uint64_t next_rest_ = 0;
  std::optional<Clock::time_point> rest_began_;
  bool ended_ = false;
  size_t done_ = 0;
  uint64_t failed_index_ = std::numeric_limits<uint64_t>::max();
  std::exception_ptr failure_;
};

}  // namespace

SampleFeed feed_from(const data::SampleSource& source, std::optional<uint64_t> limit) {
  const size_t end = std::min<uint64_t>(source.size(), limit.value_or(source.size()));
  return [&source, end, next = size_t{0}]() mutable -> std::optional<PendingSample> {
    if (next == end) return std::nullopt;
    const size_t index = next++;
    return PendingSample{source.name(index), [&source, index](const data::HeaderCheck& check) {
                           return source.read_checked(index, check);
                         }};
  };
}

size_t worker_limit(int jobs) {
  return jobs > 0 ? static_cast<size_t>(jobs) : std::max(1u, std::thread::hardware_concurrency());
}

size_t worker_count(int jobs, size_t samples) {
  const size_t limit = worker_limit(jobs);
  return samples == 0 ? limit : std::min(limit, samples);
}

uint64_t for_each_sample(const SampleFeed& feed, size_t workers, const RunControl& control,
                         const Stage& stage, const Work& work, const Rests& rests) {
  return RunningPass(feed, control, stage, work, rests).run(workers);
}

}  // namespace rangefinder::engine
