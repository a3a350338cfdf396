#include "base/parallel.h"

#include <tbb/global_control.h>
#include <tbb/parallel_for.h>

#include <exception>
#include <vector>

namespace rangefinder {

void parallel_for(size_t count, const std::function<void(size_t)>& work) {
  std::vector<std::exception_ptr> failures(count);
  const auto guarded = [&](size_t index) {
    try {
      work(index);
    } catch (...) {
      failures[index] = std::current_exception();
    }
  };
  if (count == 1) {
    guarded(0);
  } else {
    tbb::parallel_for(size_t{0}, count, guarded);
  }
  for (const std::exception_ptr& failure : failures) {
    if (failure) std::rethrow_exception(failure);
  }
}

struct CoreLimit::Control {
  explicit Control(size_t cores) : control(tbb::global_control::max_allowed_parallelism, cores) {}
  tbb::global_control control;
};

CoreLimit::CoreLimit(size_t cores) {
  if (cores != 0) control_ = std::make_unique<Control>(cores);
}

CoreLimit::~CoreLimit() = default;

}  // namespace rangefinder
