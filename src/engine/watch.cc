#include "engine/watch.h"

#include <algorithm>
#include <exception>
#include <limits>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "base/error.h"
#include "engine/per_worker.h"
#include "engine/sample_pass.h"
#include "engine/session.h"

namespace rangefinder::engine {
namespace {

/// The way from one worker's Observe operators to the watcher.
class WatchSink : public ObserveSink {
 public:
  explicit WatchSink(const BlockWatcher* watcher) : watcher_(watcher) {}

  void begin(uint64_t sample) {
    sample_ = sample;
    thrown_ = nullptr;
  }

  void count(const ObserveTarget& target, const tensor::TensorView& values) override {
    if (thrown_) return;
    // ONNX Runtime would turn an exception into a message: it waits here until the run is over.
    try {
      show(target, values);
    } catch (...) {
      thrown_ = std::current_exception();
    }
  }

  /// Throws what the watcher threw; an Error that names no file names the sample.
  void end(const std::string& sample_name) const {
    if (!thrown_) return;
    try {
      std::rethrow_exception(thrown_);
    } catch (const Error& error) {
      throw error.within({.file = sample_name});
    }
  }

 private:
  void show(const ObserveTarget& target, const tensor::TensorView& values) {
    if (target.block == 0) return (*watcher_)(target.index, sample_, values, 1);
    tensor::TensorView known = values;
    known.shape.at(1) = target.channels;
    (*watcher_)(target.index, sample_, known, target.block);
  }

  const BlockWatcher* watcher_;
  uint64_t sample_ = 0;
  std::exception_ptr thrown_;
};

/// One session for all workers, and their sinks.
class Watched {
 public:
  Watched(const InstrumentedModel& model, size_t workers, const BlockWatcher& watcher)
      : sinks_(workers, &watcher), session_(model.model, session_options(model, sinks_)) {}

  size_t worker_count() const { return sinks_.worker_count(); }

  void run(size_t worker, uint64_t index, const PendingSample& sample) {
    sinks_.enter(worker);
    sinks_.worker(worker).begin(index);
    session_.execute(sample.read(), sample.name);
    sinks_.worker(worker).end(sample.name);
  }

 private:
  PerWorker<WatchSink> sinks_;
  Session session_;
};

/// One pass over the samples; of failing samples the first in order counts.
class WatchPass {
 public:
  WatchPass(const SampleFeed& feed, const WatchOptions& options) : feed_(feed), options_(options) {}

  uint64_t run(Watched& watched) {
    {
      std::vector<std::jthread> threads;
      for (size_t i = 1; i < watched.worker_count(); ++i) {
        threads.emplace_back([this, &watched, i] { work(watched, i); });
      }
      work(watched, 0);
    }
    if (failure_) std::rethrow_exception(failure_);
    if (is_cancelled()) throw Error("interrupted");
    return done_;
  }

 private:
  struct Task {
    uint64_t index;
    PendingSample sample;
  };

  void work(Watched& watched, size_t worker) {
    while (const std::optional<Task> task = next()) {
      try {
        watched.run(worker, task->index, task->sample);
        report_done();
      } catch (...) {
        fail(task->index, std::current_exception());
      }
    }
  }

  /// Samples are handed out in order, so every sample before a failing one is run to its end.
  std::optional<Task> next() {
    const std::lock_guard lock(mutex_);
    if (ended_ || failure_ || is_cancelled()) return std::nullopt;
    try {
      std::optional<PendingSample> sample = feed_();
      if (sample) return Task{started_++, std::move(*sample)};
      // A feed that has ended is not asked again.
      ended_ = true;
    } catch (...) {
      failed_index_ = started_;
      failure_ = std::current_exception();
    }
    return std::nullopt;
  }

  void report_done() {
    const std::lock_guard lock(mutex_);
    ++done_;
    if (options_.progress) options_.progress(done_);
  }

  void fail(uint64_t index, std::exception_ptr failure) {
    const std::lock_guard lock(mutex_);
    if (index >= failed_index_) return;
    failed_index_ = index;
    failure_ = std::move(failure);
  }

  bool is_cancelled() const { return options_.cancelled != nullptr && *options_.cancelled; }

  const SampleFeed& feed_;
  const WatchOptions& options_;
  std::mutex mutex_;
  uint64_t started_ = 0;
  bool ended_ = false;
  uint64_t done_ = 0;
  uint64_t failed_index_ = std::numeric_limits<uint64_t>::max();
  std::exception_ptr failure_;
};

}  // namespace

SampleFeed feed_from(const data::SampleSource& source, std::optional<uint64_t> limit) {
  const size_t end = std::min<uint64_t>(source.size(), limit.value_or(source.size()));
  return [&source, end, next = size_t{0}]() mutable -> std::optional<PendingSample> {
    if (next == end) return std::nullopt;
    const size_t index = next++;
    return PendingSample{source.name(index), [&source, index] { return source.read(index); }};
  };
}

uint64_t watch(const ModelSource& model, std::span<const ObservedTensor> tensors,
               const SampleFeed& feed, const Watcher& watcher, const WatchOptions& options) {
  const BlockWatcher row_major = [&](size_t tensor, uint64_t sample,
                                     const tensor::TensorView& values,
                                     int64_t) { watcher(tensor, sample, values); };
  Watched watched(instrument_plainly(model, tensors), worker_limit(options.jobs), row_major);
  return WatchPass(feed, options).run(watched);
}

uint64_t watch_blocks(const ModelSource& model, std::span<const ObservedTensor> tensors,
                      const SampleFeed& feed, const BlockWatcher& watcher,
                      const WatchOptions& options) {
  std::optional<Watched> watched;
  open_instrumented(model, tensors, Layouts::kChannelBlocks, [&](const InstrumentedModel& m) {
    watched.emplace(m, worker_limit(options.jobs), watcher);
  });
  return WatchPass(feed, options).run(*watched);
}

}  // namespace rangefinder::engine
