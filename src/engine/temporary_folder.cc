#include "engine/temporary_folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <system_error>

#include "base/error.h"

namespace rangefinder::engine {
namespace {

namespace fs = std::filesystem;

constexpr char kStart[] = "rangefinder-run-";

/// Where temporary files go, and how messages call it.
struct Place {
  fs::path path;
  std::string name;

  [[noreturn]] void fail(const std::string& action, int error) const {
    throw Error(fmt::format("{} in {}: {}", action, name, std::strerror(error)),
                {.file = path.string()});
  }
};

Place temporary_place() {
  const char* variable = std::getenv("TMPDIR");
  const bool is_set = variable != nullptr && *variable != '\0';
  return {is_set ? variable : "/tmp", is_set ? "TMPDIR" : "the folder for temporary files"};
}

/// The folder `path` itself, locked; closed if it is none, or somebody has it (errno is
/// EWOULDBLOCK).
Descriptor lock(const fs::path& path) {
  Descriptor folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  struct stat opened = {};
  struct stat now = {};
  if (!folder.is_open() || ::flock(folder.value(), LOCK_EX | LOCK_NB) != 0) return {};
  if (::fstat(folder.value(), &opened) != 0 || ::lstat(path.c_str(), &now) != 0) return {};
  // Somebody else may have removed it in between.
  const bool is_same = opened.st_dev == now.st_dev && opened.st_ino == now.st_ino;
  return is_same && opened.st_uid == ::geteuid() ? std::move(folder) : Descriptor();
}

/// Folders of processes that were killed.
void remove_dead(const fs::path& place) {
  std::error_code error;
  for (auto entry = fs::directory_iterator(place, error); !error && entry != fs::end(entry);
       entry.increment(error)) {
    if (!entry->path().filename().string().starts_with(kStart)) continue;
    std::error_code ignored;
    // Held until it is gone: the folder may be one that a run has just made and not locked yet.
    const Descriptor held = lock(entry->path());
    if (held.is_open()) fs::remove_all(entry->path(), ignored);
  }
}

}  // namespace

TemporaryFolder::TemporaryFolder() {
  const Place place = temporary_place();
  remove_dead(place.path);
  constexpr int kAttempts = 100;
  for (int i = 0; i < kAttempts; ++i) {
    std::string name = (place.path / kStart).string() + "XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) place.fail("cannot create a temporary folder", errno);
    path_ = name;
    errno = 0;
    lock_ = lock(path_);
    // Another run that starts may be about to remove it, having taken it for a dead one's. Where
    // folders cannot be locked nobody can do that.
    if (lock_.is_open() || (errno != EWOULDBLOCK && fs::exists(path_))) break;
  }
  leftover_.emplace(path_);
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

void TemporaryFolder::require_room(uint64_t bytes) const {
  const fs::path file = path_ / "room";
  const Descriptor opened(::open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  const int error =
      opened.is_open() ? ::posix_fallocate(opened.value(), 0, static_cast<off_t>(bytes)) : errno;
  ::unlink(file.c_str());
  if (error == 0 || error == EINTR) return;
  throw Error(fmt::format("cannot write {} bytes of temporary files (TMPDIR tells where): {}",
                          bytes, std::strerror(error)),
              {.file = path_.string()});
}

}  // namespace rangefinder::engine
