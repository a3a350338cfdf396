// parse_network_config on any bytes: a configuration that reads back as itself, or
// std::invalid_argument.

#include <cstdint>
#include <stdexcept>
#include <string_view>

#include "analog/hardware/rpu_config_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  using namespace rangefinder::analog;
  try {
    const auto config = parse_network_config({reinterpret_cast<const char*>(bytes), size});
    if (!(parse_network_config(to_json(config)) == config)) __builtin_trap();
  } catch (const std::invalid_argument&) {
  }
  return 0;
}
