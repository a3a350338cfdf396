#pragma once

#include <cstddef>
#include <functional>
#include <memory>

namespace rangefinder {

/// Calls work(0) to work(count - 1), spread over all cores, and returns when all are done. The
/// calls must not depend on each other. If some throw, the others are made all the same, and the
/// exception of the first of them in order is thrown on. May be called from within itself. Calls
/// that have not begun when the work is cancelled (base/cancellation.h) throw instead.
void parallel_for(size_t count, const std::function<void(size_t)>& work);

/// As long as it lives, calls of parallel_for() that this thread makes use at most `cores` cores;
/// 0: all. Of several limits the smallest counts. To be destroyed by the thread that made it, the
/// last made first. Other threads of the process are not concerned.
class CoreLimit {
 public:
  explicit CoreLimit(size_t cores);
  ~CoreLimit();
  CoreLimit(const CoreLimit&) = delete;
  CoreLimit& operator=(const CoreLimit&) = delete;

  struct Control;

 private:
  std::unique_ptr<Control> control_;
};

}  // namespace rangefinder
