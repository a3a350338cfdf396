#include "base/file_identity.h"

#include <sys/stat.h>

#include "base/error.h"

namespace rangefinder {

namespace fs = std::filesystem;

fs::path follow_links(const fs::path& path) {
  constexpr int kLongestChain = 40;  // As Linux allows.
  fs::path reached = path;
  for (int i = 0; i < kLongestChain; ++i) {
    std::error_code error;
    const fs::path target = fs::read_symlink(reached, error);
    if (error) return reached;
    // An absolute target replaces what stands before it.
    reached = reached.parent_path() / target;
  }
  throw Error("too many links, one behind the other", {.file = path.string()});
}

FileIdentity identity_of(const fs::path& path) {
  struct stat found = {};
  if (::stat(path.c_str(), &found) == 0) return {found.st_dev, found.st_ino, {}};
  const fs::path reached = follow_links(path);
  const fs::path folder = reached.has_parent_path() ? reached.parent_path() : fs::path(".");
  if (::stat(folder.c_str(), &found) == 0) {
    return {found.st_dev, found.st_ino, reached.filename().string()};
  }
  return {0, 0, fs::absolute(reached).lexically_normal().string()};
}

}  // namespace rangefinder
