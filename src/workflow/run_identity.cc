#include "workflow/run_identity.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/version.h"
#include "engine/runtime_library.h"

namespace rangefinder::workflow {

RunIdentity begin_identity(const std::string& command, const Device& device) {
  return {{"program version", kVersion},
          {"ONNX Runtime", engine::runtime_library().version},
          {"device", device.kind == Device::Kind::kCpu ? "cpu" : "cuda"},
          {"command", command}};
}

std::string difference(const RunIdentity& found, const RunIdentity& expected) {
  for (size_t i = 0; i < std::min(found.size(), expected.size()); ++i) {
    if (found[i] == expected[i]) continue;
    return fmt::format("{} '{}' instead of '{}'", found[i].first, found[i].second,
                       expected[i].second);
  }
  if (found.size() == expected.size()) return {};
  return fmt::format("{} parts instead of {}", found.size(), expected.size());
}

void require_same_run(const RunIdentity& found, const RunIdentity& expected,
                      const std::string& place) {
  const std::string what = difference(found, expected);
  if (!what.empty()) throw Error("belongs to another run: " + what, {.file = place});
}

}  // namespace rangefinder::workflow
