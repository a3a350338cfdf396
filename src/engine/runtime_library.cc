#include "engine/runtime_library.h"

#include <fmt/format.h>

#include <cstdlib>
#include <mutex>
#include <optional>
#include <system_error>

#include "base/error.h"
#include "engine/open_runtime.h"
#include "engine/runtime_search.h"

namespace rangefinder::engine {
namespace {

namespace fs = std::filesystem;

struct Loaded {
  std::mutex mutex;
  std::optional<RuntimeLibrary> library;
};

Loaded& loaded() {
  static Loaded state;
  return state;
}

fs::path from_environment() {
  const char* const value = std::getenv("RANGEFINDER_ONNXRUNTIME");
  return value != nullptr ? value : "";
}

RuntimeLibrary load(const fs::path& file) {
  const OpenedRuntime opened = open_runtime(file);
  Ort::InitApi(opened.api);
  return {opened.version, opened.file};
}

}  // namespace

RuntimeLibrary runtime_library() {
  Loaded& state = loaded();
  const std::scoped_lock lock(state.mutex);
  if (!state.library) {
    state.library =
        load(find_runtime({.environment = from_environment(), .own_folder = own_folder()}));
  }
  return *state.library;
}

RuntimeLibrary use_runtime_library(const fs::path& file_or_folder) {
  Loaded& state = loaded();
  const std::scoped_lock lock(state.mutex);
  const fs::path wanted = find_runtime({.named = file_or_folder});
  std::error_code ignored;
  if (!state.library) {
    state.library = load(wanted);
  } else if (!fs::equivalent(wanted, state.library->file, ignored)) {
    throw Error(fmt::format("ONNX Runtime {} is in use already, from {}", state.library->version,
                            state.library->file.string()),
                {.file = wanted.string()});
  }
  return *state.library;
}

}  // namespace rangefinder::engine
