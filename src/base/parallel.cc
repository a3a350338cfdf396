#include "base/parallel.h"

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

}  // namespace rangefinder
