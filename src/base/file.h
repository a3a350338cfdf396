#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace rangefinder {

/// The whole file as bytes. Throws Error if it is not there or cannot be read.
std::string read_file(const std::filesystem::path& path);

/// Replaces `path` by `bytes`, or leaves it as it was: written to a temporary name in the same
/// folder, flushed to disk, then renamed. Throws Error (folder missing, read-only, disk full).
void write_file(const std::filesystem::path& path, std::string_view bytes);

/// Throws Error as write_file() would if `path` cannot be written; leaves nothing. To be asked
/// before long work whose result shall go there.
void require_writable(const std::filesystem::path& path);

/// A temporary file beside `path`, unlinked on destruction unless committed.
class PendingFile {
 public:
  /// A link is followed: what it leads to will be replaced. Throws Error if the folder does not
  /// exist or cannot be written, or `path` is something else than a file (a folder, a device).
  explicit PendingFile(std::filesystem::path path);
  ~PendingFile();
  PendingFile(const PendingFile&) = delete;
  PendingFile& operator=(const PendingFile&) = delete;

  /// For writers that need a file name rather than bytes.
  const std::filesystem::path& temporary() const { return temporary_; }

  /// Makes `bytes` the content, on disk. Throws Error (disk full).
  void write(std::string_view bytes);

  /// Flushes the temporary file to disk and renames it to its final name. Throws Error.
  void commit();

 private:
  std::filesystem::path path_;
  std::filesystem::path temporary_;
};

/// Several files that replace what was there together, once all of them are on disk.
class PendingFiles {
 public:
  /// Throws Error as PendingFile does.
  void add(const std::filesystem::path& path, std::string_view bytes);
  /// Throws Error if a file cannot be renamed into place.
  void commit();

 private:
  std::vector<std::unique_ptr<PendingFile>> files_;
};

}  // namespace rangefinder
