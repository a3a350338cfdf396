#include "data/byte_stream.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/error.h"

namespace rangefinder::data {
namespace {

std::filesystem::file_type type_of(mode_t mode) {
  using std::filesystem::file_type;
  if (S_ISREG(mode)) return file_type::regular;
  if (S_ISDIR(mode)) return file_type::directory;
  if (S_ISFIFO(mode)) return file_type::fifo;
  if (S_ISSOCK(mode)) return file_type::socket;
  return S_ISBLK(mode) ? file_type::block : file_type::character;
}

std::string_view name_of(std::filesystem::file_type type) {
  using std::filesystem::file_type;
  switch (type) {
    case file_type::directory:
      return "a folder";
    case file_type::fifo:
      return "a pipe";
    case file_type::socket:
      return "a socket";
    default:
      return "a device";
  }
}

[[noreturn]] void fail(const std::string& path, const char* action) {
  throw Error(fmt::format("{}: {}", action, std::strerror(errno)), {.file = path});
}

}  // namespace

size_t MemoryStream::read(std::span<std::byte> to) {
  const size_t count = std::min(to.size(), rest_.size());
  if (count > 0) std::memcpy(to.data(), rest_.data(), count);
  rest_.remove_prefix(count);
  return count;
}

void require_regular(std::filesystem::file_type type, const std::filesystem::path& path) {
  if (type == std::filesystem::file_type::regular) return;
  throw Error(fmt::format("is {}, a file is needed", name_of(type)), {.file = path.string()});
}

FileStream::FileStream(const std::filesystem::path& path) : path_(path.string()) {
  struct stat status = {};
  // Looked at before it is opened, since opening some devices does something; and again after,
  // since another file may have taken its place. Opening a pipe must not wait for a writer.
  if (::stat(path.c_str(), &status) != 0) fail(path_, "cannot open");
  require_regular(type_of(status.st_mode), path);
  descriptor_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (descriptor_ < 0) fail(path_, "cannot open");
  if (::fstat(descriptor_, &status) != 0 || !S_ISREG(status.st_mode)) {
    ::close(descriptor_);
    throw Error("was exchanged while it was opened", {.file = path_});
  }
  size_ = static_cast<uint64_t>(status.st_size);
}

FileStream::~FileStream() { ::close(descriptor_); }

size_t FileStream::read(std::span<std::byte> to) {
  size_t count = 0;
  while (count < to.size()) {
    const ssize_t got = ::read(descriptor_, to.data() + count, to.size() - count);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail(path_, "cannot read");
    if (got == 0) break;
    count += static_cast<size_t>(got);
  }
  return count;
}

std::string read_regular_file(const std::filesystem::path& path, uint64_t limit) {
  FileStream file(path);
  if (file.size() > limit) {
    throw Error(fmt::format("is {} bytes large, at most {} are allowed", file.size(), limit),
                {.file = path.string()});
  }
  std::string bytes(file.size(), '\0');
  bytes.resize(file.read(std::as_writable_bytes(std::span(bytes))));
  return bytes;
}

}  // namespace rangefinder::data
