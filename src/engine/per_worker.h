#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include "engine/observe_slots.h"

namespace rangefinder::engine {

/// A sink for each of several workers that run one session at the same time.
///
/// ONNX Runtime shares a session's kernels between its callers. With one thread per operator a
/// kernel computes on the thread that called, so the thread tells whose sink counts.
template <class Sink>
class PerWorker : public ObserveSink {
 public:
  /// Each sink is made with the same arguments. Throws std::invalid_argument without workers.
  template <class... Arguments>
  explicit PerWorker(size_t worker_count, const Arguments&... arguments) {
    if (worker_count == 0) throw std::invalid_argument("at least one worker is needed");
    for (size_t i = 0; i < worker_count; ++i) {
      workers_.push_back(std::make_unique<Worker>(arguments...));
    }
  }

  size_t worker_count() const { return workers_.size(); }
  Sink& worker(size_t number) { return workers_.at(number)->sink; }

  /// From now on the calling thread counts for this worker, until it enters for another one or
  /// another thread enters for this one.
  void enter(size_t number) {
    const std::thread::id self = std::this_thread::get_id();
    Worker& entered = *workers_.at(number);
    for (const auto& worker : workers_) {
      if (worker->thread.load(std::memory_order_relaxed) == self)
        worker->thread = std::thread::id();
    }
    entered.thread = self;
  }
  /// The sink of the worker that the calling thread entered; the first worker's if it never did.
  Sink& of_this_thread() {
    const std::thread::id self = std::this_thread::get_id();
    for (const auto& worker : workers_) {
      if (worker->thread.load(std::memory_order_relaxed) == self) return worker->sink;
    }
    return workers_.front()->sink;
  }
  void count(const ObserveTarget& target, const tensor::TensorView& values) override {
    of_this_thread().count(target, values);
  }
  void count_on_device(const ObserveTarget& target, const tensor::TensorView& values,
                       void* stream) override {
    of_this_thread().count_on_device(target, values, stream);
  }

 private:
  struct Worker {
    template <class... Arguments>
    explicit Worker(const Arguments&... arguments) : sink(arguments...) {}
    std::atomic<std::thread::id> thread;
    Sink sink;
  };

  std::vector<std::unique_ptr<Worker>> workers_;
};

/// Slots for each worker: PerWorker(worker_count, tensor_count[, device]).
using WorkerSlots = PerWorker<ObserveSlots>;

}  // namespace rangefinder::engine
