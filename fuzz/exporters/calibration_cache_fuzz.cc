// parse_calibration_cache on any bytes: a cache that is written and read again as it is, or Error.

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/error.h"
#include "exporters/tables/calibration_cache.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  using rangefinder::exporters::CalibrationCache;
  using rangefinder::exporters::parse_calibration_cache;
  CalibrationCache cache;
  try {
    cache = parse_calibration_cache({reinterpret_cast<const char*>(bytes), size});
  } catch (const rangefinder::Error&) {
    return 0;
  }
  std::string text;
  try {
    text = calibration_cache_text(cache);
  } catch (const rangefinder::Error&) {
    return 0;  // a line end of the other kind within a name
  }
  if (calibration_cache_text(parse_calibration_cache(text)) != text) std::abort();
  return 0;
}
