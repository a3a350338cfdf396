#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "data/archive_bytes.h"

namespace rangefinder::data {

/// What a member of a tar archive is, as far as we ask.
enum class TarMemberKind { kFile, kLink, kOther };

struct TarMember {
  /// With its folders, as the archive has it: any bytes but NUL. Nothing is ever written under it.
  std::string name;
  TarMemberKind kind = TarMemberKind::kFile;
  /// Where its bytes stand.
  uint64_t offset = 0;
  uint64_t size = 0;
};

/// The members of a tar archive in their order, found by their headers alone: POSIX's ustar and pax
/// formats, GNU's with its long names, and what came before them. Archives behind one another are
/// one.
///
/// Cost: one read of 512 bytes per member, and memory for one name.
class TarReader {
 public:
  /// `bytes` must outlive this; errors name `file`.
  TarReader(ArchiveBytes& bytes, std::string file);

  /// The next member; nothing at the end. Folders and labels of volumes are no members. Throws
  /// Error: no tar archive, a header that is damaged, an archive that is cut short (its end is
  /// missing, too), a member of an unknown kind, one with holes, one that goes on in another
  /// volume, a name of more than 64 KiB.
  std::optional<TarMember> next();

 private:
  struct Header;
  /// What an extended header says of the member that follows.
  struct Said {
    std::optional<std::string> name = {};
    std::optional<uint64_t> size = {};
  };

  std::optional<Header> next_header();
  /// False at a header that says something of the next member, which is then in `said_`.
  bool is_member(const Header& header);
  TarMember member_of(const Header& header);
  /// The bytes behind a header, which are skipped next.
  std::string text_of(const Header& header);
  void parse_pax(const std::string& text);
  void pass(uint64_t size);
  [[noreturn]] void fail(const std::string& why) const;

  ArchiveBytes& bytes_;
  std::string file_;
  /// Of the next header, and of the end of the bytes before it.
  uint64_t at_ = 0;
  uint64_t needed_ = 0;
  bool has_ended_ = false;
  Said said_;
};

}  // namespace rangefinder::data
