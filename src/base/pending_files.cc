#include "base/pending_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include "base/cancellation.h"
#include "base/error.h"
#include "base/leftovers.h"

namespace rangefinder {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const fs::path& path, const char* action) {
  throw Error(fmt::format("{}: {}", action, std::strerror(errno)), {.file = path.string()});
}

/// What any new file gets.
mode_t usual_mode() {
  const mode_t mask = ::umask(0);
  ::umask(mask);
  return 0666 & ~mask;
}

}  // namespace

struct PendingFile::Temporary {
  Temporary(fs::path name, Descriptor opened)
      : path(std::move(name)), file(std::move(opened)), leftover(path) {}

  fs::path path;
  Descriptor file;
  Leftover leftover;
};

PendingFile::PendingFile(const fs::path& path) : path_(path) {
  if (path_.empty()) throw Error("a file name is needed, found an empty one");
  target_ = follow_links(path_);
  std::error_code ignored;
  const auto status = fs::status(target_, ignored);
  if (fs::is_directory(status) || !target_.has_filename()) {
    throw Error("is a folder, a file name is needed", {.file = path_.string()});
  }
  // Renaming onto a device would replace that itself: /dev/null, for one.
  if (fs::exists(status) && !fs::is_regular_file(status)) {
    throw Error("is no regular file and cannot be replaced by one", {.file = path_.string()});
  }
  while (temporary_ == nullptr) open();
}

void PendingFile::open() {
  std::string name = temporary_template(target_).string();
  Descriptor file(::mkostemp(name.data(), O_CLOEXEC));
  if (!file.is_open()) fail(path_, "cannot create");
  // Another run that starts may have taken it for a dead one's before it was locked.
  const bool is_locked = ::flock(file.value(), LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK;
  struct stat now = {};
  if (is_locked && ::lstat(name.c_str(), &now) == 0) {
    temporary_ = std::make_unique<Temporary>(name, std::move(file));
  }
}

PendingFile::~PendingFile() {
  if (temporary_) ::unlink(temporary_->path.c_str());
}

void PendingFile::write(const Fill& fill) {
  fill([this](std::string_view bytes) { append(bytes); });
  take_over_mode();
  if (::fsync(temporary_->file.value()) != 0) fail(path_, "cannot write");
}

void PendingFile::append(std::string_view bytes) {
  constexpr size_t kBlock = size_t{16} << 20;
  const int file = temporary_->file.value();
  while (!bytes.empty()) {
    stop_if_cancelled();
    const ssize_t written = ::write(file, bytes.data(), std::min(kBlock, bytes.size()));
    if (written < 0 && errno != EINTR) fail(path_, "cannot write");
    if (written > 0) bytes.remove_prefix(static_cast<size_t>(written));
  }
}

void PendingFile::take_over_mode() {
  const int file = temporary_->file.value();
  struct stat old = {};
  struct stat mine = {};
  mode_t mode = usual_mode();
  if (::stat(target_.c_str(), &old) == 0 && ::fstat(file, &mine) == 0) {
    const bool is_alike = old.st_uid == mine.st_uid && old.st_gid == mine.st_gid;
    // Only root may give files away. Another owner's file never gets that owner's privileges.
    const bool is_given = is_alike || ::fchown(file, old.st_uid, old.st_gid) == 0;
    mode = old.st_mode & (is_given ? 07777 : 0777);
  }
  if (::fchmod(file, mode) != 0) fail(path_, "cannot set its permissions");
}

Replacement PendingFile::release() {
  Replacement result{temporary_->path, target_,
                     std::make_shared<Descriptor>(std::move(temporary_->file))};
  temporary_.reset();
  return result;
}

void PendingFiles::add(const fs::path& path, std::string_view bytes) {
  add(path, [&](const Sink& sink) { sink(bytes); });
}

void PendingFiles::add(const fs::path& path, const Fill& fill) {
  files_.push_back(std::make_unique<PendingFile>(path));
  identities_.push_back(identity_of(path));
  if (std::count(identities_.begin(), identities_.end(), identities_.back()) > 1) {
    throw Error("is another result; a result needs a file of its own", {.file = path.string()});
  }
  files_.back()->write(fill);
}

void PendingFiles::commit() {
  stop_if_cancelled();
  const LeftoversHeld held;
  std::vector<Replacement> replacements;
  for (const auto& file : files_) replacements.push_back(file->release());
  files_.clear();
  identities_.clear();
  if (!replacements.empty()) replace_together(replacements);
}

}  // namespace rangefinder
