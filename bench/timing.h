#pragma once

#include <time.h>

#include "base/median.h"

namespace rangefinder::bench {

/// Processor time so far: CLOCK_THREAD_CPUTIME_ID or CLOCK_PROCESS_CPUTIME_ID.
double processor_seconds(clockid_t clock);

}  // namespace rangefinder::bench
