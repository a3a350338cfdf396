#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "statistics/sample_set.h"

namespace rangefinder::workflow {

// For messages: however many there are, the first eight are named. "3, 7, 9 and 12 more"

std::string listed(std::span<const std::string> items);
std::string listed(std::span<const uint64_t> numbers);
/// "0-4, 7, 9-12"
std::string listed(const statistics::SampleSet& samples);

}  // namespace rangefinder::workflow
