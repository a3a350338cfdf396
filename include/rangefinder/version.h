#pragma once

#include <filesystem>
#include <string>

#include "rangefinder/export.h"

namespace rangefinder {

/// The version of this library: "0.3.0".
RANGEFINDER_API std::string version();

/// The ONNX Runtime that runs all models of this process.
struct RuntimeInfo {
  /// As the library says itself, e.g. "1.29.0".
  std::string version;
  /// Where it lies, links resolved.
  std::filesystem::path file;
};

/// Opens ONNX Runtime at the first call, any release from 1.24 on: the one that
/// RANGEFINDER_ONNXRUNTIME names (file or folder), else the one that was installed with our own
/// library or program (../lib/rangefinder), else the system's libonnxruntime.so.1. Throws Error, at
/// every call, if there is none or it will not do.
///
///     std::cout << rangefinder::version() << " on ONNX Runtime "
///               << rangefinder::onnx_runtime().version;
RANGEFINDER_API RuntimeInfo onnx_runtime();

/// The same, but the given file or folder and no other. Throws Error also if the process uses
/// another library already: to be called before any model is run.
RANGEFINDER_API RuntimeInfo use_onnx_runtime(const std::filesystem::path& file_or_folder);

}  // namespace rangefinder
