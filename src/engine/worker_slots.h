#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <thread>
#include <vector>

#include "engine/observe_slots.h"

namespace rangefinder::engine {

/// Slots for several workers that run one session at the same time.
///
/// ONNX Runtime shares a session's kernels between its callers. With one thread per operator a
/// kernel computes on the thread that called, so the thread tells whose slots to count into.
class WorkerSlots : public ObserveSink {
 public:
  WorkerSlots(size_t worker_count, size_t tensor_count);

  size_t worker_count() const { return workers_.size(); }
  ObserveSlots& worker(size_t number) { return workers_.at(number)->slots; }

  /// From now on the calling thread counts for this worker, until another thread says the same.
  void enter(size_t number);
  /// Counts into the slots of the worker that the calling thread entered.
  void count(const ObserveTarget& target, const tensor::TensorView& values) override {
    of_this_thread().count(target, values);
  }
  /// The slots of the worker that the calling thread counts for; the first worker's if it never
  /// entered.
  ObserveSlots& of_this_thread();

 private:
  struct Worker {
    explicit Worker(size_t tensor_count) : slots(tensor_count) {}
    std::atomic<std::thread::id> thread;
    ObserveSlots slots;
  };

  std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace rangefinder::engine
