#include "data/byte_stream.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "base/cancellation.h"
#include "base/error.h"
#include "base/file.h"

namespace rangefinder::data {
namespace {

constexpr uint64_t kDroppedAtOnce = uint64_t{1} << 16;

[[noreturn]] void fail(const std::string& path, const char* action) {
  throw Error(fmt::format("{}: {}", action, std::strerror(errno)), {.file = path});
}

}  // namespace

void ByteStream::skip(uint64_t count) {
  std::vector<std::byte> dropped(std::min<uint64_t>(count, kDroppedAtOnce));
  while (count > 0) {
    stop_if_cancelled();
    const auto part = std::span(dropped).first(std::min<uint64_t>(count, dropped.size()));
    const size_t got = read(part);
    if (got < part.size()) return;
    count -= got;
  }
}

size_t MemoryStream::read(std::span<std::byte> to) {
  const size_t count = std::min(to.size(), rest_.size());
  if (count > 0) std::memcpy(to.data(), rest_.data(), count);
  rest_.remove_prefix(count);
  return count;
}

FileStream::FileStream(const std::filesystem::path& path)
    : path_(path.string()), file_(open_regular_file(path)) {
  struct stat status = {};
  if (::fstat(file_.value(), &status) != 0) fail(path_, "cannot open");
  size_ = static_cast<uint64_t>(status.st_size);
}

size_t FileStream::read(std::span<std::byte> to) {
  size_t count = 0;
  while (count < to.size()) {
    const ssize_t got = ::read(file_.value(), to.data() + count, to.size() - count);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail(path_, "cannot read");
    if (got == 0) break;
    count += static_cast<size_t>(got);
  }
  return count;
}

void FileStream::skip(uint64_t count) {
  const auto offset = static_cast<off_t>(std::min<uint64_t>(count, size_));
  if (::lseek(file_.value(), offset, SEEK_CUR) < 0) fail(path_, "cannot read");
}

}  // namespace rangefinder::data
