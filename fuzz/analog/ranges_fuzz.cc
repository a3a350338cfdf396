// parse_ranges on any bytes: ranges, or std::invalid_argument.

#include <cstdint>
#include <stdexcept>
#include <string_view>

#include "analog/export/ranges_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  try {
    rangefinder::analog::parse_ranges({reinterpret_cast<const char*>(bytes), size});
  } catch (const std::invalid_argument&) {
  }
  return 0;
}
