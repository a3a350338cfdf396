#include <cstdint>
#include <stdexcept>
#include <string_view>

#include "analog/ranges/range_method.h"
#include "base/error.h"

namespace {

using namespace rangefinder;

/// Any bytes are either what a layer saw or an Error; what was read is written and read again.
void try_method(analog::InputRangeType type, analog::Compatibility compatibility,
                std::string_view bytes) {
  const analog::InputRangeOptions options{.max_samples = 2, .compatibility = compatibility};
  analog::RpuConfig config;
  config.forward.inp_res = 254;
  const auto make = [&] { return analog::make_range_method(type, options, config, 2); };
  try {
    const auto method = make();
    statistics::WireReader from(bytes, "fuzz");
    method->add(from);
    statistics::WireWriter to;
    method->encode(to);
    statistics::WireReader again(to.bytes(), "again");
    make()->add(again);
    method->ranges();
  } catch (const Error&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  using Type = analog::InputRangeType;
  for (const Type type : {Type::kMax, Type::kMovingStd, Type::kCacheQuantile, Type::kQuantile}) {
    try_method(type, analog::Compatibility::kNone, bytes);
  }
  try_method(Type::kCacheQuantile, analog::Compatibility::kAihwkit, bytes);
  return 0;
}
