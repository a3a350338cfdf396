// read_summary_table on any bytes, and every format of what it reads: bytes, or Error.

#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "exporters/tables/read_summary.h"
#include "exporters/tables/table_format.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  namespace exporters = rangefinder::exporters;
  exporters::TensorTable table;
  try {
    table = exporters::read_summary_table({reinterpret_cast<const char*>(bytes), size}, "s.json");
  } catch (const rangefinder::Error&) {
    return 0;
  }
  for (const auto& format : exporters::table_formats()) {
    try {
      exporters::write_table(format, table,
                             {.trt_version = format.name == "tensorrt-cache" ? "8.6.1" : ""});
    } catch (const rangefinder::Error&) {
      // What the format cannot hold.
    }
  }
  return 0;
}
