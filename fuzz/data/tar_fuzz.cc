#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/error.h"
#include "data/tar_members.h"

/// Any bytes either give samples that lie within the archive and have a part each, or an Error.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rangefinder;
  data::ArchiveInMemory bytes({reinterpret_cast<const char*>(data), size});
  try {
    for (const auto& sample : data::tar_samples(bytes, "fuzz.tar")) {
      if (sample.parts.empty()) std::abort();
      for (const auto& part : sample.parts) {
        if (part.offset > size || part.size > size - part.offset) std::abort();
      }
    }
  } catch (const Error&) {
  }
  return 0;
}
