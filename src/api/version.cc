#include "rangefinder/version.h"

#include "base/version.h"
#include "engine/runtime_library.h"

namespace rangefinder {

std::string version() { return kVersion; }

RuntimeInfo onnx_runtime() {
  const auto [version, file] = engine::runtime_library();
  return {version, file};
}

RuntimeInfo use_onnx_runtime(const std::filesystem::path& file_or_folder) {
  const auto [version, file] = engine::use_runtime_library(file_or_folder);
  return {version, file};
}

}  // namespace rangefinder
