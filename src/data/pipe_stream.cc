#include "data/pipe_stream.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/cancellation.h"
#include "base/error.h"

namespace rangefinder::data {
namespace {

constexpr size_t kBuffer = size_t{256} << 10;
/// How often it is asked whether somebody wants to stop.
constexpr int kListenMilliseconds = 50;

[[noreturn]] void fail(const std::string& name, const char* action) {
  throw Error(fmt::format("{}: {}", action, std::strerror(errno)), {.file = name});
}

bool is_named_pipe(const std::filesystem::path& path) {
  struct stat found = {};
  return ::stat(path.c_str(), &found) == 0 && S_ISFIFO(found.st_mode);
}

}  // namespace

bool is_standard_input(const std::filesystem::path& path) { return path == "-"; }

std::optional<std::filesystem::path> pipe_among(const std::vector<std::filesystem::path>& paths) {
  const auto found = std::ranges::find_if(
      paths, [](const auto& path) { return is_standard_input(path) || is_named_pipe(path); });
  return found == paths.end() ? std::nullopt : std::optional(*found);
}

PipeStream::PipeStream(std::filesystem::path path)
    : path_(std::move(path)),
      name_(is_standard_input(path_) ? "standard input" : path_.string()),
      buffer_(kBuffer) {
  if (!is_standard_input(path_)) return;
  file_ = STDIN_FILENO;
  struct stat found = {};
  if (::fstat(file_, &found) != 0) fail(name_, "cannot read");
  if (::isatty(file_) != 0) throw Error("is a terminal; arrays are needed", {.file = name_});
}

void PipeStream::open() {
  // Does not wait for somebody who writes; poll() does, and listens to cancellation meanwhile.
  own_ = Descriptor(::open(path_.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
  if (!own_.is_open()) fail(name_, "cannot open");
  file_ = own_.value();
}

bool PipeStream::refill() {
  if (file_ < 0) open();
  for (;;) {
    stop_if_cancelled();
    pollfd waiting{.fd = file_, .events = POLLIN, .revents = 0};
    const int ready = ::poll(&waiting, 1, kListenMilliseconds);
    if (ready < 0 && errno != EINTR) fail(name_, "cannot read");
    if (ready <= 0) continue;
    const ssize_t got = ::read(file_, buffer_.data(), buffer_.size());
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (got < 0) fail(name_, "cannot read");
    begin_ = 0;
    end_ = static_cast<size_t>(got);
    return got > 0;
  }
}

bool PipeStream::at_end() { return begin_ == end_ && !refill(); }

size_t PipeStream::read(std::span<std::byte> to) {
  size_t count = 0;
  while (count < to.size() && !at_end()) {
    const size_t taken = std::min(to.size() - count, end_ - begin_);
    std::copy_n(buffer_.begin() + static_cast<std::ptrdiff_t>(begin_), taken,
                to.begin() + static_cast<std::ptrdiff_t>(count));
    begin_ += taken;
    count += taken;
  }
  return count;
}

}  // namespace rangefinder::data
