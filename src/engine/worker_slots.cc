#include "engine/worker_slots.h"

#include <stdexcept>

namespace rangefinder::engine {

WorkerSlots::WorkerSlots(size_t worker_count, size_t tensor_count) {
  if (worker_count == 0) throw std::invalid_argument("at least one worker is needed");
  for (size_t i = 0; i < worker_count; ++i) {
    workers_.push_back(std::make_unique<Worker>(tensor_count));
  }
}

void WorkerSlots::enter(size_t number) { workers_.at(number)->thread = std::this_thread::get_id(); }

ObserveSlots& WorkerSlots::of_this_thread() {
  const std::thread::id self = std::this_thread::get_id();
  for (const auto& worker : workers_) {
    if (worker->thread.load(std::memory_order_relaxed) == self) return worker->slots;
  }
  return workers_.front()->slots;
}

}  // namespace rangefinder::engine
