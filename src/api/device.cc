#include "rangefinder/device.h"

#include <fmt/format.h>

#include <charconv>
#include <stdexcept>

namespace rangefinder {

Device parse_device(std::string_view text) {
  constexpr std::string_view kCuda = "cuda";
  if (text == "cpu") return {};
  if (text == kCuda) return {.kind = Device::Kind::kCuda};
  if (text.starts_with("cuda:")) {
    const std::string_view digits = text.substr(kCuda.size() + 1);
    const char* const end = digits.data() + digits.size();
    Device device{.kind = Device::Kind::kCuda};
    const auto [stop, error] = std::from_chars(digits.data(), end, device.number);
    if (error == std::errc() && stop == end && device.number >= 0) return device;
  }
  throw std::invalid_argument(
      fmt::format("device is '{}'; allowed are cpu, cuda and cuda:N", text));
}

std::string to_string(const Device& device) {
  return device.kind == Device::Kind::kCpu ? "cpu" : fmt::format("cuda:{}", device.number);
}

}  // namespace rangefinder
