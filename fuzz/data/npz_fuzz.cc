#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/error.h"
#include "data/npz.h"

/// Any bytes either give arrays or an Error; arrays that were read write and read back equal.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rangefinder;
  try {
    const tensor::NamedTensors tensors =
        data::parse_npz({reinterpret_cast<const char*>(data), size}, "fuzz.npz");
    if (data::parse_npz(data::npz_bytes(tensors), "again.npz") != tensors) std::abort();
  } catch (const Error&) {
  }
  return 0;
}
