#include "data/tar.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <string_view>
#include <utility>

#include "base/cancellation.h"
#include "base/error.h"

// A tar archive is a row of blocks of 512 bytes: a header, the member's bytes, filled up to the
// next block, and so on; at least one block of zeros ends it, and a second archive may follow.
// Names and sizes that do not fit into a header stand in a member of their own before it: GNU's "L"
// holds a name, POSIX's "x" lines of "LENGTH KEY=VALUE\n".

namespace rangefinder::data {
namespace {

constexpr uint64_t kBlock = 512;
/// What extended headers may take: names are paths, and pax adds little to them.
constexpr uint64_t kMaxText = uint64_t{64} << 10;
/// Writers fill up to some ten kilobytes.
constexpr uint64_t kMaxZeros = uint64_t{1} << 20;
/// No archive is so large; sums of offsets and sizes stay far from overflow.
constexpr uint64_t kMaxSize = uint64_t{1} << 60;

using Block = std::array<char, kBlock>;

/// The bytes of a field up to the first NUL.
std::string_view field(const Block& block, size_t offset, size_t size) {
  const std::string_view whole(block.data() + offset, size);
  return whole.substr(0, whole.find('\0'));
}

/// GNU's way for large numbers: the first bit is set, the rest is binary. Empty if it is negative
/// or too large.
std::optional<uint64_t> binary_number(std::string_view bytes) {
  uint64_t value = static_cast<uint8_t>(bytes.front()) & 0x7F;
  for (const char byte : bytes.substr(1)) {
    if (value >> 55 != 0) return std::nullopt;
    value = value << 8 | static_cast<uint8_t>(byte);
  }
  return value;
}

std::optional<uint64_t> octal_number(std::string_view text) {
  const size_t begin = std::min(text.find_first_not_of(' '), text.size());
  text = text.substr(begin, text.find_first_of(" \0", begin, 2) - begin);
  uint64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value, 8);
  if (text.empty()) return 0;
  return error == std::errc() && stop == end ? std::optional(value) : std::nullopt;
}

std::optional<uint64_t> number(const Block& block, size_t offset, size_t size) {
  const std::string_view bytes(block.data() + offset, size);
  return static_cast<uint8_t>(bytes.front()) >= 0x80 ? binary_number(bytes) : octal_number(bytes);
}

/// The sum of all bytes, those of the sum itself taken for spaces. Some old writers took bytes for
/// signed.
bool has_right_sum(const Block& block) {
  constexpr size_t kOffset = 148;
  constexpr size_t kSize = 8;
  int64_t unsigned_sum = kSize * ' ';
  int64_t signed_sum = kSize * ' ';
  for (size_t i = 0; i < block.size(); ++i) {
    if (i >= kOffset && i < kOffset + kSize) continue;
    unsigned_sum += static_cast<uint8_t>(block[i]);
    signed_sum += static_cast<signed char>(block[i]);
  }
  const auto said = number(block, kOffset, kSize);
  if (!said || *said > uint64_t{1} << 32) return false;
  return static_cast<int64_t>(*said) == unsigned_sum || static_cast<int64_t>(*said) == signed_sum;
}

std::string name_in(const Block& block) {
  const std::string name(field(block, 0, 100));
  const bool is_posix = std::string_view(block.data() + 257, 6) == std::string_view("ustar\0", 6);
  const std::string_view prefix = is_posix ? field(block, 345, 155) : std::string_view();
  return prefix.empty() ? name : std::string(prefix) + "/" + name;
}

}  // namespace

struct TarReader::Header {
  std::string name;
  char type = '0';
  uint64_t size = 0;
};

TarReader::TarReader(ArchiveBytes& bytes, std::string file)
    : bytes_(bytes), file_(std::move(file)) {}

std::optional<TarMember> TarReader::next() {
  while (const std::optional<Header> header = next_header()) {
    if (!is_member(*header)) continue;
    TarMember member = member_of(*header);
    // A folder's name ends with '/' in the oldest archives, which have no other word for it.
    const bool is_folder = header->type == '5' || header->type == 'V' || member.name.ends_with('/');
    if (!is_folder) return member;
  }
  return std::nullopt;
}

std::optional<TarReader::Header> TarReader::next_header() {
  const uint64_t start = at_;
  for (;; at_ += kBlock) {
    if (!bytes_.reaches(needed_)) fail("the archive is cut short within a member");
    stop_if_cancelled();
    Block block;
    const size_t got = bytes_.read(at_, std::as_writable_bytes(std::span(block)));
    if (got == 0 && has_ended_) return std::nullopt;
    if (got == 0 && at_ == 0) fail("is an empty file, a tar archive is needed");
    if (got < block.size()) {
      fail(at_ == 0 ? "is no tar archive" : "the archive is cut short: its end is missing");
    }
    if (std::ranges::count(block, '\0') == static_cast<ptrdiff_t>(block.size())) {
      if (at_ - start > kMaxZeros) fail("more than 1 MiB of zeros follow the end of the archive");
      if (said_.name || said_.size) fail("an extended header has no member behind it");
      has_ended_ = true;
      continue;
    }
    if (!has_right_sum(block)) {
      fail(at_ == 0 ? "is no tar archive"
                    : fmt::format("damaged tar header at byte {}: its sum is wrong", at_));
    }
    const auto size = number(block, 124, 12);
    if (!size || *size > kMaxSize) fail(fmt::format("damaged tar header at byte {}: size", at_));
    has_ended_ = false;
    at_ += kBlock;
    return Header{name_in(block), block[156], *size};
  }
}

bool TarReader::is_member(const Header& header) {
  switch (header.type) {
    case 'L':
      said_.name = text_of(header);
      said_.name->resize(std::min(said_.name->find('\0'), said_.name->size()));
      return false;
    case 'x':
    case 'X':
      parse_pax(text_of(header));
      return false;
    case 'g':  // Of all members: their owners, a comment.
    case 'K':  // A link's target.
      pass(header.size);
      return false;
    default:
      return true;
  }
}

TarMember TarReader::member_of(const Header& header) {
  TarMember member{.name = said_.name.value_or(header.name), .offset = at_};
  switch (header.type) {
    case '\0':
    case '0':
    case '7':
      member.size = said_.size.value_or(header.size);
      break;
    case '1':
    case '2':
      member.kind = TarMemberKind::kLink;
      break;
    case '3':
    case '4':
    case '6':
    case '5':
      member.kind = TarMemberKind::kOther;
      break;
    case 'V':
      break;
    case 'S':
      fail(fmt::format("'{}' is kept with holes (a sparse file), which is not read", member.name));
    case 'M':
      fail(fmt::format("'{}' began in another volume, which is not read", member.name));
    default:
      fail(fmt::format("'{}' is of the unknown kind '{}'", member.name, header.type));
  }
  said_ = {};
  pass(member.size);
  return member;
}

std::string TarReader::text_of(const Header& header) {
  if (header.size > kMaxText) {
    fail(fmt::format("an extended header of {} bytes, {} are allowed", header.size, kMaxText));
  }
  std::string text(header.size, '\0');
  if (bytes_.read(at_, std::as_writable_bytes(std::span(text))) < text.size()) {
    fail("the archive is cut short within an extended header");
  }
  pass(header.size);
  return text;
}

void TarReader::parse_pax(const std::string& text) {
  std::string_view rest = text;
  while (!rest.empty()) {
    size_t length = 0;
    const auto [stop, error] = std::from_chars(rest.data(), rest.data() + rest.size(), length);
    const auto digits = static_cast<size_t>(stop - rest.data());
    const size_t equals = rest.find('=');
    if (error != std::errc() || length > rest.size() || equals >= length || digits >= equals ||
        rest[digits] != ' ' || rest[length - 1] != '\n') {
      fail(fmt::format("damaged extended header before byte {}", at_));
    }
    const std::string_view key = rest.substr(digits + 1, equals - digits - 1);
    const std::string_view value = rest.substr(equals + 1, length - equals - 2);
    if (key == "path") said_.name = value;
    if (key == "size") {
      uint64_t size = 0;
      const auto read = std::from_chars(value.data(), value.data() + value.size(), size);
      if (read.ec != std::errc() || read.ptr != value.data() + value.size() || size > kMaxSize) {
        fail(fmt::format("damaged extended header before byte {}: size", at_));
      }
      said_.size = size;
    }
    if (key.starts_with("GNU.sparse.")) {
      fail("a member is kept with holes (a sparse file), which is not read");
    }
    rest.remove_prefix(length);
  }
  if (said_.name && said_.name->find('\0') != std::string::npos) {
    fail(fmt::format("damaged extended header before byte {}: a name holds NUL", at_));
  }
}

void TarReader::pass(uint64_t size) {
  needed_ = at_ + size;
  at_ += (size + kBlock - 1) / kBlock * kBlock;
  if (at_ > kMaxSize) fail("a member is larger than any archive can be");
}

void TarReader::fail(const std::string& why) const { throw Error(why, {.file = file_}); }

}  // namespace rangefinder::data
