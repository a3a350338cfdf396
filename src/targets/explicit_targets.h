#pragma once

#include <vector>

#include "targets/target.h"

namespace rangefinder::targets {

/// Profiles of runtimes that read QuantizeLinear and DequantizeLinear as an order of what is to be
/// computed in integers, and of tools that read the ranges out of such a model. docs/targets.md
/// tells the source of each rule and how it was checked.
std::vector<Target> explicit_targets();

}  // namespace rangefinder::targets
