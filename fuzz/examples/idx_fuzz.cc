#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/error.h"
#include "fashion_mnist/idx.h"

/// Any bytes either give an array whose shape fits its values, or an Error.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rangefinder;
  try {
    const auto array = examples::parse_idx({reinterpret_cast<const char*>(data), size}, "fuzz.idx");
    size_t count = 1;
    for (const size_t dimension : array.shape) count *= dimension;
    if (count != array.values.size()) std::abort();
  } catch (const Error&) {
  }
  return 0;
}
