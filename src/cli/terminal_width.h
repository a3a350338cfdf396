#pragma once

#include <cstddef>

namespace rangefinder::cli {

/// Columns of the terminal that standard output is, or what the environment's COLUMNS says; 80
/// where neither tells.
size_t terminal_width();

}  // namespace rangefinder::cli
