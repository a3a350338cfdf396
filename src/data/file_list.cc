#include "data/file_list.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "base/file.h"

namespace rangefinder::data {
namespace {

namespace fs = std::filesystem;

/// What some editors write in front of UTF-8.
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

std::string_view stripped(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\v\f";
  const size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

}  // namespace

std::optional<fs::path> list_of(const fs::path& path) {
  const std::string& text = path.native();
  if (!text.starts_with('@')) return std::nullopt;
  return fs::path(text.substr(1));
}

std::vector<ListedPath> read_file_list(const fs::path& list) {
  const Error::Place place{.file = list.string()};
  const std::string bytes = read_file(list);
  if (bytes.find('\0') != std::string::npos) {
    throw Error("is no list of files: it holds bytes that are no text", place);
  }
  std::string_view rest = bytes;
  if (rest.starts_with(kByteOrderMark)) rest.remove_prefix(kByteOrderMark.size());
  std::vector<ListedPath> paths;
  for (size_t line = 1; !rest.empty(); ++line) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view text = stripped(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (text.empty() || text.starts_with('#')) continue;
    const fs::path path(text);
    paths.push_back({list.parent_path() / path, path.lexically_normal().generic_string(), line});
  }
  if (paths.empty()) throw Error("names no files", place);
  return paths;
}

}  // namespace rangefinder::data
