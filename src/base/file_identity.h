#pragma once

#include <sys/types.h>

#include <compare>
#include <filesystem>
#include <string>

namespace rangefinder {

/// Where a path leads once all links are followed, the last one too; what that is need not be there
/// yet, nor the folder it would be in. Throws Error if the links go round in circles.
std::filesystem::path follow_links(const std::filesystem::path& path);

/// Which file a path names: equal for two paths to one file, by whatever folders, links and hard
/// links. One that is not there is told by its folder and its name.
struct FileIdentity {
  dev_t device = 0;
  ino_t number = 0;
  /// Inside the folder that the numbers tell; empty for a file that is there.
  std::string name = {};

  auto operator<=>(const FileIdentity&) const = default;
};

/// Throws Error as follow_links() does.
FileIdentity identity_of(const std::filesystem::path& path);

}  // namespace rangefinder
