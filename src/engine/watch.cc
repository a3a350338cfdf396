#include "engine/watch.h"

#include <exception>
#include <optional>
#include <utility>

#include "base/error.h"
#include "engine/per_worker.h"
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
  Watched(const InstrumentedModel& model, size_t workers, const BlockWatcher& watcher,
          const Device& device)
      : sinks_(workers, &watcher), session_(model.model, options_of(model, device)) {}

  size_t worker_count() const { return sinks_.worker_count(); }

  void run(size_t worker, uint64_t index, const PendingSample& sample) {
    sinks_.enter(worker);
    sinks_.worker(worker).begin(sample.place.value_or(index));
    session_.execute(sample.read(header_check(session_.inputs(), sample.name)), sample.name);
    sinks_.worker(worker).end(sample.name);
  }

 private:
  /// On a GPU the model runs there, and ONNX Runtime brings the tensors to the CPU, which watches.
  SessionOptions options_of(const InstrumentedModel& model, const Device& device) {
    SessionOptions options = session_options(model, sinks_);
    if (device.kind == Device::Kind::kCuda) options.cuda_device = device.number;
    return options;
  }

  PerWorker<WatchSink> sinks_;
  Session session_;
};

uint64_t run_all(Watched& watched, const SampleFeed& feed, const RunControl& control,
                 const Stage& stage, const Rests& rests = {}) {
  const auto work = [&](size_t worker, uint64_t index, const PendingSample& sample) {
    watched.run(worker, index, sample);
  };
  return for_each_sample(feed, watched.worker_count(), control, stage, work, rests);
}

}  // namespace

uint64_t watch(const ModelSource& model, std::span<const ObservedTensor> tensors,
               const SampleFeed& feed, const Watcher& watcher, const RunControl& control,
               const Stage& stage) {
  const BlockWatcher row_major = [&](size_t tensor, uint64_t sample,
                                     const tensor::TensorView& values,
                                     int64_t) { watcher(tensor, sample, values); };
  Watched watched(instrument_plainly(model, tensors), worker_count(control.jobs, stage.total),
                  row_major, control.device);
  return run_all(watched, feed, control, stage);
}

uint64_t watch_blocks(const ModelSource& model, std::span<const ObservedTensor> tensors,
                      const SampleFeed& feed, const BlockWatcher& watcher,
                      const RunControl& control, const Stage& stage, const Rests& rests) {
  std::optional<Watched> watched;
  const auto open = [&](const InstrumentedModel& instrumented) {
    watched.emplace(instrumented, worker_count(control.jobs, stage.total), watcher, control.device);
  };
  if (control.device.kind == Device::Kind::kCpu) {
    open_instrumented(model, tensors, Layouts::kChannelBlocks, open);
  } else {
    open(instrument_plainly(model, tensors));
  }
  return run_all(*watched, feed, control, stage, rests);
}

}  // namespace rangefinder::engine
