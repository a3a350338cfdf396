#pragma once

#include <filesystem>

namespace rangefinder::engine {

/// A new, empty, private folder for what ONNX Runtime can only write to files; removed with all
/// its contents on destruction.
class TemporaryFolder {
 public:
  /// In TMPDIR, else in the system's folder for temporary files. Throws Error if that fails.
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace rangefinder::engine
