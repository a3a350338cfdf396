#pragma once

// ONNX Runtime as a library that is opened at run time. For the sources of this folder only.

#include <onnxruntime_cxx_api.h>

#include <filesystem>
#include <string>

namespace rangefinder::engine {

/// The interface we were written for: that of the oldest release that will do, 1.24. Later releases
/// have it too; our headers may be of a later one.
inline constexpr uint32_t kRuntimeApiVersion = 24;

/// An ONNX Runtime that was opened and found usable. It stays open for as long as the process
/// lives.
struct OpenedRuntime {
  /// As the library says itself, e.g. "1.29.0".
  std::string version;
  /// Where it really lies, links resolved.
  std::filesystem::path file;
  const OrtApi* api;
};

/// A bare name is looked up as the system does for any shared library. Throws Error, which names
/// the file, if it cannot be opened, is no ONNX Runtime, or one of before 1.24.
OpenedRuntime open_runtime(const std::filesystem::path& file);

}  // namespace rangefinder::engine
