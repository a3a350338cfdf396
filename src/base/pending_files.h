#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "base/file_identity.h"
#include "base/replace.h"

namespace rangefinder {

/// Takes bytes, one piece after the other.
using Sink = std::function<void(std::string_view)>;
/// Hands out the content of a file.
using Fill = std::function<void(const Sink&)>;

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

  /// Makes what `fill` hands out the content, with mode and, if the system lets us, owner of the
  /// file that will be replaced, all of it on disk. To be called once. Throws Error (disk full),
  /// and what `fill` throws.
  void write(const Fill& fill);

  /// What is to be done now; nothing is removed on destruction any more.
  Replacement release();

 private:
  void open();
  void append(std::string_view bytes);
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
  /// Throws Error as PendingFile does, and if the file is one of them already.
  void add(const std::filesystem::path& path, std::string_view bytes);
  /// The same of bytes that need not be in memory at once. Throws what `fill` throws, too.
  void add(const std::filesystem::path& path, const Fill& fill);
  /// Throws Error if a file cannot be renamed into place; then none is.
  void commit();

 private:
  std::vector<std::unique_ptr<PendingFile>> files_;
  std::vector<FileIdentity> identities_;
};

}  // namespace rangefinder
