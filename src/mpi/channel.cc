#include "mpi/channel.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "rangefinder/error.h"

namespace rangefinder::mpi {
namespace {

/// Both ends are one program on one machine: as it lies in memory.
struct Header {
  uint64_t word;
  uint64_t rank;
  uint64_t size;
};

[[noreturn]] void fail(const char* action) {
  throw Error(std::string(action) + ": " + std::strerror(errno));
}

void write_all(int socket, const void* bytes, size_t size) {
  const char* next = static_cast<const char*>(bytes);
  while (size > 0) {
    const ssize_t written = ::send(socket, next, size, MSG_NOSIGNAL);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail("a process of this rank is gone");
    next += written;
    size -= static_cast<size_t>(written);
  }
}

}  // namespace

std::pair<Channel, Channel> Channel::pair() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    fail("cannot connect two processes");
  }
  return {Channel(ends[0]), Channel(ends[1])};
}

Channel::~Channel() {
  if (socket_ >= 0) ::close(socket_);
}

void Channel::write(const Message& message) const {
  const Header header{static_cast<uint64_t>(message.word), message.rank, message.bytes.size()};
  write_all(socket_, &header, sizeof header);
  write_all(socket_, message.bytes.data(), message.bytes.size());
}

bool Channel::read_all(void* bytes, size_t size) const {
  char* next = static_cast<char*>(bytes);
  while (size > 0) {
    const ssize_t found = ::recv(socket_, next, size, 0);
    if (found < 0 && errno == EINTR) continue;
    if (found <= 0) return false;
    next += found;
    size -= static_cast<size_t>(found);
  }
  return true;
}

std::optional<Message> Channel::read() const {
  Header header{};
  if (!read_all(&header, sizeof header)) return std::nullopt;
  Message message{static_cast<Word>(header.word), header.rank, std::string(header.size, '\0')};
  if (!read_all(message.bytes.data(), message.bytes.size())) return std::nullopt;
  return message;
}

bool Channel::is_readable(int milliseconds) const {
  pollfd waited{.fd = socket_, .events = POLLIN, .revents = 0};
  return ::poll(&waited, 1, milliseconds) > 0;
}

}  // namespace rangefinder::mpi
