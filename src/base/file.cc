#include "base/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "base/error.h"

namespace rangefinder {
namespace {

[[noreturn]] void fail(const std::filesystem::path& path, const char* action) {
  throw Error(fmt::format("{}: {}", action, std::strerror(errno)), {.file = path.string()});
}

/// A file descriptor that closes itself.
class Descriptor {
 public:
  explicit Descriptor(int value) : value_(value) {}
  ~Descriptor() {
    if (value_ >= 0) ::close(value_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int value() const { return value_; }

 private:
  int value_;
};

}  // namespace

std::string read_file(const std::filesystem::path& path) {
  if (std::filesystem::is_directory(path)) {
    throw Error("is a folder, a file is needed", {.file = path.string()});
  }
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.value() < 0) fail(path, "cannot open");
  std::string bytes;
  std::error_code ignored;
  const auto size = std::filesystem::file_size(path, ignored);
  if (!ignored) bytes.reserve(size);
  constexpr size_t kBlock = size_t{1} << 20;
  while (true) {
    const size_t old_size = bytes.size();
    bytes.resize(old_size + kBlock);
    const ssize_t read = ::read(file.value(), bytes.data() + old_size, kBlock);
    if (read < 0 && errno != EINTR) fail(path, "cannot read");
    bytes.resize(old_size + static_cast<size_t>(read > 0 ? read : 0));
    if (read == 0) return bytes;
  }
}

void write_file(const std::filesystem::path& path, std::string_view bytes) {
  PendingFile pending(path);
  pending.write(bytes);
  pending.commit();
}

void require_writable(const std::filesystem::path& path) { const PendingFile pending(path); }

PendingFile::PendingFile(std::filesystem::path path) : path_(std::move(path)) {
  if (path_.empty()) throw Error("a file name is needed, found an empty one");
  std::error_code ignored;
  if (std::filesystem::is_symlink(std::filesystem::symlink_status(path_, ignored))) {
    // Not canonical(): what it leads to need not be there yet.
    path_ = path_.parent_path() / std::filesystem::read_symlink(path_);
  }
  const auto status = std::filesystem::status(path_, ignored);
  if (std::filesystem::is_directory(status)) {
    throw Error("is a folder, a file name is needed", {.file = path_.string()});
  }
  // Renaming onto a device would replace that itself: /dev/null, for one.
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
    throw Error("is no regular file and cannot be replaced by one", {.file = path_.string()});
  }
  std::string name = path_.string() + ".XXXXXX";
  const Descriptor file(::mkstemp(name.data()));
  if (file.value() < 0) fail(path_, "cannot create");
  // mkstemp makes the file private; give it what any new file gets.
  const mode_t mask = ::umask(0);
  ::umask(mask);
  ::fchmod(file.value(), 0666 & ~mask);
  temporary_ = name;
}

PendingFile::~PendingFile() {
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void PendingFile::write(std::string_view bytes) {
  const Descriptor file(::open(temporary_.c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC));
  if (file.value() < 0) fail(path_, "cannot write");
  while (!bytes.empty()) {
    const ssize_t written = ::write(file.value(), bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR) fail(path_, "cannot write");
    if (written > 0) bytes.remove_prefix(static_cast<size_t>(written));
  }
  if (::fsync(file.value()) != 0) fail(path_, "cannot write");
}

void PendingFile::commit() {
  const Descriptor file(::open(temporary_.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.value() < 0 || ::fsync(file.value()) != 0) fail(path_, "cannot write");
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) fail(path_, "cannot rename into place");
  temporary_.clear();
}

void PendingFiles::add(const std::filesystem::path& path, std::string_view bytes) {
  files_.push_back(std::make_unique<PendingFile>(path));
  files_.back()->write(bytes);
}

void PendingFiles::commit() {
  for (const auto& file : files_) file->commit();
  files_.clear();
}

}  // namespace rangefinder
