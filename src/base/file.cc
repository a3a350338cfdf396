#include "base/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/cancellation.h"
#include "base/error.h"
#include "base/pending_files.h"

namespace rangefinder {
namespace {

[[noreturn]] void fail(const std::filesystem::path& path, const char* action) {
  throw Error(fmt::format("{}: {}", action, std::strerror(errno)), {.file = path.string()});
}

const char* kind_of(mode_t mode) {
  if (S_ISDIR(mode)) return "a folder";
  if (S_ISFIFO(mode)) return "a pipe";
  if (S_ISSOCK(mode)) return "a socket";
  if (S_ISCHR(mode) || S_ISBLK(mode)) return "a device";
  return "no regular file";
}

void require_regular(mode_t mode, const std::filesystem::path& path) {
  if (S_ISREG(mode)) return;
  throw Error(fmt::format("is {}, a file is needed", kind_of(mode)), {.file = path.string()});
}

struct stat status_of(const Descriptor& file, const std::filesystem::path& path) {
  struct stat found = {};
  if (::fstat(file.value(), &found) != 0) fail(path, "cannot open");
  return found;
}

/// Fills `bytes` as far as the file goes; returns how far that is.
size_t read_into(std::string& bytes, size_t start, int file, const std::filesystem::path& path) {
  constexpr size_t kBlock = size_t{16} << 20;
  while (start < bytes.size()) {
    stop_if_cancelled();
    const ssize_t count =
        ::read(file, bytes.data() + start, std::min(kBlock, bytes.size() - start));
    if (count < 0 && errno != EINTR) fail(path, "cannot read");
    if (count == 0) break;
    if (count > 0) start += static_cast<size_t>(count);
  }
  return start;
}

}  // namespace

void require_regular_file(const std::filesystem::path& path) {
  struct stat found = {};
  if (::stat(path.c_str(), &found) != 0) fail(path, "cannot open");
  require_regular(found.st_mode, path);
}

Descriptor open_regular_file(const std::filesystem::path& path) {
  // Looked at before it is opened, since opening some devices does something and a socket cannot be
  // opened at all; and again after, since another file may have taken its place.
  require_regular_file(path);
  Descriptor file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
  if (!file.is_open()) fail(path, "cannot open");
  require_regular(status_of(file, path).st_mode, path);
  return file;
}

std::string read_file(const std::filesystem::path& path) {
  const Descriptor file = open_regular_file(path);
  const struct stat found = status_of(file, path);
  // The size may be wrong: files grow, and some systems' own say 0. One byte more meets the end.
  std::string bytes;
  size_t size = static_cast<size_t>(found.st_size);
  size_t end = 0;
  do {
    bytes.resize(size + 1);
    end = read_into(bytes, end, file.value(), path);
    size = 2 * bytes.size() + 4096;
  } while (end == bytes.size());
  bytes.resize(end);
  return bytes;
}

void write_file(const std::filesystem::path& path, std::string_view bytes) {
  PendingFiles pending;
  pending.add(path, bytes);
  pending.commit();
}

void require_writable(const std::filesystem::path& path) { const PendingFile pending(path); }

}  // namespace rangefinder
