#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/error.h"
#include "data/picture_decode.h"

/// Any bytes either give a picture of the size that it says, or an Error.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rangefinder;
  using rangefinder::data::PixelKind;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  for (const PixelKind kind : {PixelKind::kColor, PixelKind::kGray}) {
    try {
      const data::Pixels pixels = data::decode_picture(bytes, kind, {.file = "fuzz"});
      const size_t count = static_cast<size_t>(pixels.width) * static_cast<size_t>(pixels.height);
      if (pixels.values.size() != count * static_cast<size_t>(data::channel_count(kind))) {
        std::abort();
      }
    } catch (const Error&) {
    }
  }
  return 0;
}
