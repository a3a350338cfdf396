#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

namespace rangefinder::data {

/// Tar archives by hand, also such as no program writes.
class TarArchive {
 public:
  struct Header {
    std::string name;
    char type = '0';
    uint64_t size = 0;
    /// Instead of the size's octal digits.
    std::string size_field = {};
    std::string prefix = {};
  };

  /// A header as POSIX tells, whose sum is right.
  static std::string header(const Header& said) {
    std::string block(512, '\0');
    put(block, 0, said.name.substr(0, 100));
    put(block, 100, "0000644");
    put(block, 124, said.size_field.empty() ? fmt::format("{:011o}", said.size) : said.size_field);
    put(block, 136, "00000000000");
    block[156] = said.type;
    put(block, 257,
        std::string_view("ustar\0"
                         "00",
                         8));
    put(block, 345, said.prefix);
    return with_sum(std::move(block));
  }

  static std::string with_sum(std::string block) {
    block.replace(148, 8, 8, ' ');
    uint64_t sum = 0;
    for (const char byte : block) sum += static_cast<uint8_t>(byte);
    block.replace(148, 7, fmt::format("{:06o}", sum) + '\0');
    return block;
  }

  static std::string filled(std::string bytes) {
    bytes.resize((bytes.size() + 511) / 512 * 512, '\0');
    return bytes;
  }

  TarArchive& add(const std::string& name, const std::string& bytes, char type = '0') {
    bytes_ += header({.name = name, .type = type, .size = bytes.size()}) + filled(bytes);
    return *this;
  }

  TarArchive& raw(const std::string& bytes) {
    bytes_ += bytes;
    return *this;
  }

  /// A line of a pax header.
  static std::string line(const std::string& key, const std::string& value) {
    const std::string rest = " " + key + "=" + value + "\n";
    size_t length = rest.size() + 1;
    while (std::to_string(length).size() + rest.size() != length) ++length;
    return std::to_string(length) + rest;
  }

  /// Without its end.
  const std::string& open_bytes() const { return bytes_; }
  std::string bytes() const { return bytes_ + std::string(1024, '\0'); }

 private:
  static void put(std::string& block, size_t offset, std::string_view text) {
    std::ranges::copy(text, block.begin() + static_cast<std::ptrdiff_t>(offset));
  }

  std::string bytes_;
};

}  // namespace rangefinder::data
