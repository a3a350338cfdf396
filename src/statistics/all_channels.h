#pragma once

#include "statistics/statistics_file.h"

namespace rangefinder::statistics {

/// What was seen of all channels of a tensor together. Cost: one pass over their buckets.
TensorStatistics all_channels(const ObservedTensor& tensor);

}  // namespace rangefinder::statistics
