#include "engine/sample_pass.h"

#include <algorithm>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "base/error.h"

namespace rangefinder::engine {
namespace {

class Pass {
 public:
  using Work = std::function<void(size_t worker, size_t sample)>;

  Pass(size_t samples, const PassOptions& options, const Work& work)
      : total_(samples), options_(options), work_(work), end_(samples) {}

  void run(size_t workers) {
    {
      std::vector<std::jthread> threads;
      for (size_t i = 1; i < workers; ++i) threads.emplace_back([this, i] { run_worker(i); });
      run_worker(0);
    }
    if (failure_) std::rethrow_exception(failure_);
    if (is_cancelled() && done_ != total_) throw Error("interrupted");
  }

 private:
  void run_worker(size_t worker) {
    while (!is_cancelled()) {
      const size_t sample = next_++;
      if (sample >= end_) return;
      try {
        work_(worker, sample);
        report_done();
      } catch (...) {
        fail(sample, std::current_exception());
      }
    }
  }

  void report_done() {
    const std::lock_guard lock(mutex_);
    ++done_;
    if (options_.progress) options_.progress(done_, total_);
  }

  void fail(size_t sample, std::exception_ptr failure) {
    const std::lock_guard lock(mutex_);
    if (sample >= end_) return;
    end_ = sample;
    failure_ = std::move(failure);
  }

  bool is_cancelled() const { return options_.cancelled != nullptr && *options_.cancelled; }

  const size_t total_;
  const PassOptions& options_;
  const Work& work_;
  std::atomic<size_t> next_ = 0;
  /// The first sample that failed so far; none from here on is begun.
  std::atomic<size_t> end_;
  std::mutex mutex_;
  size_t done_ = 0;
  std::exception_ptr failure_;
};

}  // namespace

size_t worker_limit(int jobs) {
  return jobs > 0 ? static_cast<size_t>(jobs) : std::max(1u, std::thread::hardware_concurrency());
}

size_t worker_count(const PassOptions& options, size_t samples) {
  return std::max<size_t>(1, std::min(worker_limit(options.jobs), samples));
}

void for_each_sample(size_t samples, size_t workers, const PassOptions& options,
                     const std::function<void(size_t worker, size_t sample)>& work) {
  Pass(samples, options, work).run(workers);
}

}  // namespace rangefinder::engine
