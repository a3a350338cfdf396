#pragma once

#include <time.h>

#include <vector>

namespace rangefinder::bench {

/// Of at least one value; of an even number the upper one of the middle.
double median(std::vector<double> values);

/// Processor time so far: CLOCK_THREAD_CPUTIME_ID or CLOCK_PROCESS_CPUTIME_ID.
double processor_seconds(clockid_t clock);

}  // namespace rangefinder::bench
