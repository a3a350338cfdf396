#include "base/content_advice.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "base/descriptor.h"
#include "base/error.h"
#include "base/file.h"

namespace rangefinder {
namespace {

struct Beginning {
  std::string_view bytes;
  const char* advice;
};

constexpr char kUnpack[] = ": unpack it first";

constexpr std::array<Beginning, 5> kPacked = {{{"\x1f\x8b", "compressed by gzip"},
                                               {"\xfd"
                                                "7zXZ",
                                                "compressed by xz"},
                                               {"BZh", "compressed by bzip2"},
                                               {"\x28\xb5\x2f\xfd", "compressed by zstd"},
                                               {"PK\x03\x04", "a zip archive"}}};

/// Lower case, without the space in front.
std::string comparable(std::string_view text) {
  const size_t start = text.find_first_not_of(" \t\r\n");
  std::string result(start == std::string_view::npos ? std::string_view() : text.substr(start));
  std::transform(result.begin(), result.end(), result.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return result;
}

}  // namespace

std::string content_advice(std::string_view head) {
  if (head.starts_with("version https://git-lfs")) {
    return "a Git LFS pointer, not the file itself: 'git lfs pull' fetches it";
  }
  const std::string text = comparable(head.substr(0, kAdviceSize));
  if (text.starts_with("<!doctype html") || text.starts_with("<html")) {
    return "a web page, perhaps one about the file: download the file itself";
  }
  for (const auto& [bytes, advice] : kPacked) {
    if (head.starts_with(bytes)) return std::string(advice) + kUnpack;
  }
  return {};
}

std::string head_of(const std::filesystem::path& file, size_t size) {
  try {
    const Descriptor opened = open_regular_file(file);
    std::string bytes(size, '\0');
    const ssize_t count = ::read(opened.value(), bytes.data(), size);
    bytes.resize(static_cast<size_t>(std::max<ssize_t>(count, 0)));
    return bytes;
  } catch (const Error&) {
    return {};
  }
}

}  // namespace rangefinder
