#pragma once

#include <filesystem>

namespace rangefinder::engine {

/// Where ONNX Runtime may lie, the first that is given first. Relative paths are the process's.
struct RuntimeSearch {
  /// What the caller asked for: a file or a folder; empty: nothing.
  std::filesystem::path named = {};
  /// The same from RANGEFINDER_ONNXRUNTIME.
  std::filesystem::path environment = {};
  /// The folder of the program or shared library that our code is part of. What an installation
  /// brings lies in ../lib/rangefinder or rangefinder, seen from there.
  std::filesystem::path own_folder = {};
};

/// The file to open, or the bare name libonnxruntime.so.1 if it is for the system to find it. In a
/// folder, or its lib/ or capi/ (as in Python's package), libonnxruntime.so.1 comes before other
/// names, and of those the latest release. Throws Error if the caller or the environment names what
/// is not there: nothing else is taken instead.
std::filesystem::path find_runtime(const RuntimeSearch& search);

/// The folder of the program or shared library that this function is part of; empty if unknown.
std::filesystem::path own_folder();

}  // namespace rangefinder::engine
