#include "engine/observe.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <future>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

#include "base/error.h"
#include "engine/session.h"

namespace rangefinder::engine {
namespace {

/// One session and where it counts.
struct Worker {
  ObserveSlots slots;
  Session session;

  Worker(const InstrumentedModel& model, size_t tensor_count)
      : slots(tensor_count), session(model.model, session_options(model)) {}

  SessionOptions session_options(const InstrumentedModel& model) {
    SessionOptions options{.optimization = model.level, .plan_memory = false, .observe = &slots};
    if (!model.token.empty()) options.fetch = {model.token};
    return options;
  }
};

using Workers = std::vector<std::unique_ptr<Worker>>;

/// Opens all sessions at the same time.
Workers open_workers(const InstrumentedModel& model, size_t tensor_count, size_t jobs) {
  std::vector<std::future<std::unique_ptr<Worker>>> opening;
  for (size_t i = 0; i < jobs; ++i) {
    opening.push_back(std::async(std::launch::async,
                                 [&] { return std::make_unique<Worker>(model, tensor_count); }));
  }
  Workers workers;
  for (auto& worker : opening) workers.push_back(worker.get());
  return workers;
}

size_t worker_count(const ObserveOptions& options, size_t samples) {
  const unsigned cores = std::max(1u, std::thread::hardware_concurrency());
  const size_t jobs = options.jobs > 0 ? static_cast<size_t>(options.jobs) : cores;
  return std::max<size_t>(1, std::min(jobs, samples));
}

[[noreturn]] void report_nonfinite(const std::string& sample, const std::string& tensor,
                                   const ChannelStatistics& seen) {
  statistics::Extrema all;
  for (const auto& channel : seen) all.merge(channel.extrema);
  const char* what = all.nan_count == 0          ? "infinite values"
                     : all.infinity_count() == 0 ? "NaN"
                                                 : "NaN and infinite values";
  throw Error(
      fmt::format("shows {} on {}; allowed are finite values, unless they are to be ignored", what,
                  sample),
      {.tensor = tensor});
}

/// One pass over the samples. Of failing samples the lowest counts: samples are handed out in
/// order, so every sample below a failing one is finished before the pass ends.
class Pass {
 public:
  Pass(std::span<const ObservedTensor> tensors, std::span<const size_t> graph_order,
       const data::SampleSource& samples, const ObserveOptions& options)
      : tensors_(tensors),
        graph_order_(graph_order),
        samples_(samples),
        options_(options),
        end_(samples.size()) {}

  void run(Workers& workers) {
    {
      std::vector<std::jthread> threads;
      for (size_t i = 1; i < workers.size(); ++i) {
        threads.emplace_back([this, &worker = *workers[i]] { work(worker); });
      }
      work(*workers[0]);
    }
    if (failure_) std::rethrow_exception(failure_);
    if (is_cancelled()) throw Error("interrupted");
  }

 private:
  void work(Worker& worker) {
    while (!is_cancelled()) {
      const size_t index = next_++;
      if (index >= end_) return;
      try {
        observe_sample(worker, index);
        report_done();
      } catch (...) {
        fail(index, std::current_exception());
      }
    }
  }

  void observe_sample(Worker& worker, size_t index) {
    const std::string name = samples_.name(index);
    worker.session.execute(samples_.read(index), name);
    if (options_.nonfinite == Nonfinite::kIgnore) return;
    for (const size_t tensor : graph_order_) {
      if (worker.slots.saw_nonfinite(tensor)) {
        report_nonfinite(name, tensors_[tensor].name, worker.slots.slots()[tensor]);
      }
    }
  }

  void report_done() {
    const std::lock_guard lock(mutex_);
    ++done_;
    if (options_.progress) options_.progress(done_, samples_.size());
  }

  void fail(size_t index, std::exception_ptr failure) {
    const std::lock_guard lock(mutex_);
    if (index >= end_) return;
    end_ = index;
    failure_ = std::move(failure);
  }

  bool is_cancelled() const { return options_.cancelled != nullptr && *options_.cancelled; }

  std::span<const ObservedTensor> tensors_;
  std::span<const size_t> graph_order_;
  const data::SampleSource& samples_;
  const ObserveOptions& options_;
  std::atomic<size_t> next_ = 0;
  std::atomic<size_t> end_;
  std::mutex mutex_;
  size_t done_ = 0;
  std::exception_ptr failure_;
};

std::vector<ChannelStatistics> merge(Workers& workers) {
  std::vector<ChannelStatistics> total = workers[0]->slots.take();
  for (size_t i = 1; i < workers.size(); ++i) {
    std::vector<ChannelStatistics> more = workers[i]->slots.take();
    for (size_t t = 0; t < total.size(); ++t) merge_channels(total[t], std::move(more[t]));
  }
  return total;
}

}  // namespace

Observation observe(const ModelSource& model, std::span<const ObservedTensor> tensors,
                    const data::SampleSource& samples, const ObserveOptions& options) {
  const size_t jobs = worker_count(options, samples.size());
  Observation result;
  result.sample_count = samples.size();
  InstrumentedModel instrumented;
  Workers workers;
  try {
    instrumented = instrument(model, tensors);
    workers = open_workers(instrumented, tensors.size(), jobs);
  } catch (const Error& error) {
    result.plain_because = error.what();
    instrumented = instrument_plainly(model, tensors);
    workers = open_workers(instrumented, tensors.size(), jobs);
  }
  result.in_place_count = instrumented.in_place_count;
  instrumented.model = {};  // The sessions hold what they need.
  Pass(tensors, instrumented.graph_order, samples, options).run(workers);
  result.tensors = merge(workers);
  return result;
}

}  // namespace rangefinder::engine
