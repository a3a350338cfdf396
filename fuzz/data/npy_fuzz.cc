#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/error.h"
#include "data/npy.h"

/// Any bytes either give an array or an Error; an array that was read writes and reads back equal.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rangefinder;
  try {
    const tensor::Tensor tensor =
        data::parse_npy({reinterpret_cast<const char*>(data), size}, "fuzz.npy");
    if (data::parse_npy(data::npy_bytes(tensor.view()), "again.npy") != tensor) std::abort();
  } catch (const Error&) {
  }
  return 0;
}
