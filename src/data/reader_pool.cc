#include "data/reader_pool.h"

#include <utility>

namespace rangefinder::data {
namespace {

/// More than workers read at once on most machines.
constexpr size_t kMostIdle = 32;

}  // namespace

std::unique_ptr<ForwardReader> ReaderPool::take(size_t file, uint64_t position) {
  {
    const std::lock_guard lock(mutex_);
    auto best = idle_.end();
    for (auto idle = idle_.begin(); idle != idle_.end(); ++idle) {
      if (idle->file != file || idle->reader->position() > position) continue;
      const bool is_farther =
          best == idle_.end() || idle->reader->position() > best->reader->position();
      if (is_farther) best = idle;
    }
    if (best != idle_.end()) {
      auto reader = std::move(best->reader);
      idle_.erase(best);
      return reader;
    }
  }
  return open_(file);
}

void ReaderPool::give_back(size_t file, std::unique_ptr<ForwardReader> reader) {
  const std::lock_guard lock(mutex_);
  idle_.push_front({file, std::move(reader)});
  if (idle_.size() > kMostIdle) idle_.pop_back();
}

}  // namespace rangefinder::data
