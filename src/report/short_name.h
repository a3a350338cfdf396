#pragma once

#include <cstddef>
#include <string>

namespace rangefinder::report {

/// A name from a model, printable, in `width` bytes at most: of a long one the end, which says more
/// than its beginning, behind "...". `width` is at least 3.
std::string short_name(const std::string& foreign, size_t width);

}  // namespace rangefinder::report
