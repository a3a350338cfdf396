#include "rangefinder/method.h"

#include "api/requests.h"
#include "observers/registry.h"
#include "rangefinder/method_info.h"
#include "targets/target.h"

namespace rangefinder {

std::vector<std::string> known_methods() { return observers::registry().names(); }

std::vector<MethodInfo> method_infos() { return observers::registry().infos(); }

std::vector<TargetInfo> known_targets() {
  std::vector<TargetInfo> infos;
  for (const targets::Target& target : targets::all_targets()) {
    infos.push_back({std::string(target.name), std::string(target.summary)});
  }
  return infos;
}

void validate(const Method& method, const std::string& target) {
  calibration_of(method, {.target = target});
}

}  // namespace rangefinder
