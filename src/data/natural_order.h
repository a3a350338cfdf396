#pragma once

#include <string_view>

namespace rangefinder::data {

/// Whether `a` comes before `b` as people order names: runs of digits compare by their value, so
/// img2 < img10; everything else by its bytes; '/' before all else, so a folder's files stay
/// together. Digit runs may be of any length. Names that differ only in leading zeros (a1, a01)
/// are told apart by their bytes: a strict total order over different names, independent of locale.
bool natural_less(std::string_view a, std::string_view b);

}  // namespace rangefinder::data
