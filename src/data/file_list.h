#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace rangefinder::data {

/// A path that stands in a list of files.
struct ListedPath {
  /// Where it is: what the list says, from the list's folder on.
  std::filesystem::path path;
  /// What the list says, without "." and "..", as far as that can be.
  std::string name;
  /// The first line is 1.
  size_t line = 0;
};

/// The list that `path` asks for: what follows an '@' ("@train.txt"). A file whose name begins with
/// an '@' is asked for as "./@name".
std::optional<std::filesystem::path> list_of(const std::filesystem::path& path);

/// The paths in a text file, one a line, relative ones from the list's folder on. Passed over are
/// empty lines and those that begin with '#'; white space around a path does not belong to it.
/// Throws Error naming the list: no regular file, no text, no path in it.
std::vector<ListedPath> read_file_list(const std::filesystem::path& list);

}  // namespace rangefinder::data
