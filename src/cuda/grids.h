#pragma once

#include <cstdint>

#include "cuda/device.h"
#include "cuda/lines.h"

namespace rangefinder::cuda {

// How many threads run each kernel: enough to keep the device busy, few enough that what a block
// does before and after its values does not count. A matter of speed alone.

Grid count_grid(uint64_t values, unsigned multiprocessors);
/// For the kernels that walk lines (lines.h).
Grid line_grid(const LineShape& shape, unsigned multiprocessors);
Grid row_grid(uint64_t rows, unsigned multiprocessors);
/// For the kernels of which each thread takes one item after another.
Grid thread_grid(uint64_t items, unsigned multiprocessors);
Grid assign_grid(uint64_t channels, unsigned multiprocessors);

}  // namespace rangefinder::cuda
