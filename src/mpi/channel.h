#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace rangefinder::mpi {

/// What a worker and its keeper say to each other. A worker asks, and its keeper answers with any
/// number of kGone and one kDone.
enum class Word : uint8_t {
  /// The keeper's first: rank, and the machine's name.
  kHello,
  /// The worker's requests.
  kSend,
  kReceive,
  kPart,
  kMeet,
  /// The keeper's answers. A rank that is gone, and why.
  kDone,
  kGone,
};

struct Message {
  Word word = Word::kDone;
  uint64_t rank = 0;
  std::string bytes = {};

  bool operator==(const Message&) const = default;
};

/// One end of a connection between two processes of one machine. Not for several threads.
class Channel {
 public:
  /// Two ends. Throws Error.
  static std::pair<Channel, Channel> pair();

  Channel(Channel&& other) noexcept : socket_(std::exchange(other.socket_, -1)) {}
  Channel& operator=(Channel&& other) noexcept {
    std::swap(socket_, other.socket_);
    return *this;
  }
  ~Channel();

  /// Waits until the other end takes it. Throws Error if that is closed.
  void write(const Message& message) const;
  /// Waits for a message; nothing once the other end is closed, be it in the middle of one.
  std::optional<Message> read() const;
  /// Whether read() would begin at once; waits for that so long.
  bool is_readable(int milliseconds) const;

 private:
  explicit Channel(int socket) : socket_(socket) {}
  bool read_all(void* bytes, size_t size) const;

  int socket_;
};

}  // namespace rangefinder::mpi
