#pragma once

#include <filesystem>
#include <memory>
#include <string_view>
#include <vector>

#include "base/replace.h"

namespace rangefinder {

/// A temporary file beside the file it will replace, hidden, locked as long as it lives; removed
/// on destruction.
class PendingFile {
 public:
  /// Links are followed, as many as there are: what they lead to will be replaced. Throws Error if
  /// the folder does not exist or cannot be written, or `path` is something else than a file (a
  /// folder, a device).
  explicit PendingFile(const std::filesystem::path& path);
  ~PendingFile();
  PendingFile(const PendingFile&) = delete;
  PendingFile& operator=(const PendingFile&) = delete;

  /// Makes `bytes` the content, with mode and, if the system lets us, owner of the file that will
  /// be replaced, all of it on disk. To be called once. Throws Error (disk full).
  void write(std::string_view bytes);

  /// What is to be done now; nothing is removed on destruction any more.
  Replacement release();

 private:
  void open();
  void take_over_mode();

  std::filesystem::path path_;
  std::filesystem::path target_;
  struct Temporary;
  std::unique_ptr<Temporary> temporary_;
};

/// Files that replace what was there together, see replace_together(), once all of them are on
/// disk.
class PendingFiles {
 public:
  /// Throws Error as PendingFile does.
  void add(const std::filesystem::path& path, std::string_view bytes);
  /// Throws Error if a file cannot be renamed into place; then none is.
  void commit();

 private:
  std::vector<std::unique_ptr<PendingFile>> files_;
};

}  // namespace rangefinder
