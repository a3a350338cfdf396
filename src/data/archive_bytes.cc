#include "data/archive_bytes.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstring>

#include "base/error.h"
#include "base/file.h"
#include "data/gzip_archive.h"

namespace rangefinder::data {
namespace {

[[noreturn]] void fail(const std::string& path, const char* action) {
  throw Error(fmt::format("{}: {}", action, std::strerror(errno)), {.file = path});
}

}  // namespace

size_t ArchiveInMemory::read(uint64_t offset, std::span<std::byte> to) {
  if (offset >= bytes_.size()) return 0;
  const size_t count = std::min<uint64_t>(to.size(), bytes_.size() - offset);
  if (count > 0) std::memcpy(to.data(), bytes_.data() + offset, count);
  return count;
}

ArchiveFile::ArchiveFile(const std::filesystem::path& path)
    : path_(path.string()), file_(open_regular_file(path)) {
  struct stat status = {};
  if (::fstat(file_.value(), &status) != 0) fail(path_, "cannot open");
  size_ = static_cast<uint64_t>(status.st_size);
}

size_t ArchiveFile::read(uint64_t offset, std::span<std::byte> to) {
  size_t count = 0;
  while (count < to.size() && offset + count < size_) {
    const ssize_t got = ::pread(file_.value(), to.data() + count, to.size() - count,
                                static_cast<off_t>(offset + count));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail(path_, "cannot read");
    if (got == 0) break;
    count += static_cast<size_t>(got);
  }
  return count;
}

std::unique_ptr<ArchiveBytes> open_archive(const std::filesystem::path& path) {
  const std::string extension = path.extension().string();
  const bool is_packed = !extension.empty() && std::tolower(extension.back()) == 'z';
  if (is_packed) return std::make_unique<GzipArchive>(path);
  return std::make_unique<ArchiveFile>(path);
}

}  // namespace rangefinder::data
