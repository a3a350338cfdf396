#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "base/descriptor.h"
#include "base/leftovers.h"

namespace rangefinder::engine {

/// A new, empty, private folder for what ONNX Runtime can only write to files; removed with all
/// its contents on destruction. A process that is killed leaves it to the next TemporaryFolder in
/// the same place.
class TemporaryFolder {
 public:
  /// In TMPDIR, else in the system's folder for temporary files. Throws Error naming that if it
  /// fails.
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }

  /// Throws Error naming the folder and the reason unless `bytes` more find room in it.
  void require_room(uint64_t bytes) const;

 private:
  std::filesystem::path path_;
  /// Locked as long as this process lives.
  Descriptor lock_;
  std::optional<Leftover> leftover_;
};

}  // namespace rangefinder::engine
