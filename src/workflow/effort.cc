#include <fmt/format.h>

#include <array>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "base/near_names.h"
#include "rangefinder/quantize.h"

namespace rangefinder {
namespace {

constexpr std::array<std::pair<Effort, const char*>, 3> kEfforts = {
    {{Effort::kFast, "fast"}, {Effort::kNormal, "normal"}, {Effort::kThorough, "thorough"}}};

}  // namespace

std::string name_of(Effort effort) {
  for (const auto& [known, name] : kEfforts) {
    if (known == effort) return name;
  }
  throw std::invalid_argument("no effort");
}

Effort parse_effort(std::string_view name) {
  std::vector<std::string> names;
  for (const auto& [effort, known] : kEfforts) {
    if (name == known) return effort;
    names.emplace_back(known);
  }
  throw std::invalid_argument(fmt::format(
      "the effort is '{}'; allowed are fast, normal, thorough{}", name, did_you_mean(name, names)));
}

}  // namespace rangefinder
