#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/descriptor.h"
#include "data/byte_stream.h"

namespace rangefinder::data {

/// Whether data is asked for on standard input: "-". A file of that name is "./-".
bool is_standard_input(const std::filesystem::path& path);

/// The first of the paths whose data pass by once: standard input or a named pipe.
std::optional<std::filesystem::path> pipe_among(const std::vector<std::filesystem::path>& paths);

/// The bytes of a pipe or of standard input, until those who write have gone. Waits for them, and
/// stops waiting when cancelled.
class PipeStream : public ByteStream {
 public:
  /// A named pipe is opened at the first read. Throws Error: standard input is a terminal or
  /// closed, the path cannot be opened.
  explicit PipeStream(std::filesystem::path path);

  /// What errors call it.
  const std::string& name() const { return name_; }
  uint64_t size() const override { return kUnknownSize; }
  /// Throws Error: cannot be read; cancelled.
  size_t read(std::span<std::byte> to) override;
  /// Waits until it is known whether there is another byte.
  bool at_end();

 private:
  void open();
  /// Waits for more, and takes it; false at the end.
  bool refill();

  std::filesystem::path path_;
  std::string name_;
  Descriptor own_;
  int file_ = -1;
  std::vector<std::byte> buffer_;
  size_t begin_ = 0;
  size_t end_ = 0;
};

}  // namespace rangefinder::data
