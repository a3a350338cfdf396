#pragma once

#include <cstddef>
#include <functional>

namespace rangefinder {

/// Calls work(0) to work(count - 1), spread over all cores, and returns when all are done. The
/// calls must not depend on each other. If some throw, the others are made all the same, and the
/// exception of the first of them in order is thrown on. May be called from within itself.
void parallel_for(size_t count, const std::function<void(size_t)>& work);

}  // namespace rangefinder
