#include "base/parallel.h"

#include <tbb/info.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <exception>
#include <vector>

#include "base/cancellation.h"

namespace rangefinder {

namespace {

/// More threads than there are cores would not get any work, and TBB would say so on standard
/// error.
size_t usable(size_t cores) {
  return std::min(cores, static_cast<size_t>(tbb::info::default_concurrency()));
}

}  // namespace

/// A pool of its own for one thread's calls, so that others in the process keep theirs.
struct CoreLimit::Control {
  explicit Control(size_t cores)
      : outer(current),
        size(outer == nullptr ? usable(cores) : std::min(cores, outer->size)),
        arena(static_cast<int>(size)) {
    current = this;
  }
  ~Control() { current = outer; }

  /// What this thread heeds; null: no limit.
  static thread_local Control* current;

  Control* const outer;
  const size_t size;
  tbb::task_arena arena;
};

thread_local CoreLimit::Control* CoreLimit::Control::current = nullptr;

void parallel_for(size_t count, const std::function<void(size_t)>& work) {
  std::vector<std::exception_ptr> failures(count);
  const auto heeded = Cancellation::current();
  const auto guarded = [&](size_t index) {
    const CancellationOf inherited(heeded);
    try {
      stop_if_cancelled();
      work(index);
    } catch (...) {
      failures[index] = std::current_exception();
    }
  };
  const auto all = [&] { tbb::parallel_for(size_t{0}, count, guarded); };
  if (count == 1) {
    guarded(0);
  } else if (CoreLimit::Control* limit = CoreLimit::Control::current) {
    limit->arena.execute(all);
  } else {
    all();
  }
  for (const std::exception_ptr& failure : failures) {
    if (failure) std::rethrow_exception(failure);
  }
}

CoreLimit::CoreLimit(size_t cores) {
  if (cores != 0) control_ = std::make_unique<Control>(cores);
}

CoreLimit::~CoreLimit() = default;

}  // namespace rangefinder
