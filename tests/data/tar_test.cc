#include "data/tar.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "data/tar_archive.h"
#include "data/temporary_folder.h"
#include "support/program.h"

namespace rangefinder::data {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

std::vector<TarMember> members(ArchiveBytes& bytes) {
  TarReader reader(bytes, "a.tar");
  std::vector<TarMember> found;
  while (auto member = reader.next()) found.push_back(std::move(*member));
  return found;
}

std::vector<TarMember> members(const std::string& bytes) {
  ArchiveInMemory archive(bytes);
  return members(archive);
}

std::vector<std::string> names(const std::string& bytes) {
  std::vector<std::string> found;
  for (const TarMember& member : members(bytes)) found.push_back(member.name);
  return found;
}

void expect_error(const std::string& bytes, const std::string& text) {
  EXPECT_THAT([&] { members(bytes); },
              ThrowsMessage<Error>(testing::AllOf(HasSubstr("a.tar: "), HasSubstr(text))));
}

std::string extended(const std::string& text, char type = 'x') {
  return TarArchive::header({.name = "extended", .type = type, .size = text.size()}) +
         TarArchive::filled(text);
}

TEST(Tar, MembersStandWhereTheyStand) {
  const std::string bytes = TarArchive()
                                .add("a.npy", "one")
                                .add("b/", "", '5')
                                .add("b/c.jpg", std::string(600, 'x'))
                                .bytes();
  const auto found = members(bytes);
  ASSERT_EQ(found.size(), 2u) << "a folder is no member";
  EXPECT_EQ(found[0].name, "a.npy");
  EXPECT_EQ(bytes.substr(found[0].offset, found[0].size), "one");
  EXPECT_EQ(found[1].name, "b/c.jpg");
  EXPECT_EQ(bytes.substr(found[1].offset, found[1].size), std::string(600, 'x'));
}

/// What GNU tar writes in each of its formats, of long names, large numbers and empty files.
TEST(Tar, ReadsWhatTarWrites) {
  TemporaryFolder folder;
  const std::string deep = std::string(90, 'd') + "/" + std::string(60, 'e');
  const std::vector<std::string> files = {"a.npy", "empty.jpg", deep + "/short.npy",
                                          deep + "/" + std::string(120, 'n') + ".npy"};
  for (const std::string format : {"v7", "ustar", "oldgnu", "gnu", "posix"}) {
    const bool has_long_names = format != "v7" && format != "ustar";
    const size_t count = format == "v7" ? 2 : has_long_names ? 4 : 3;
    std::vector<std::string> words = {"--format=" + format, "-C", folder.path().string(), "-cf",
                                      (folder / (format + ".tar")).string()};
    for (size_t i = 0; i < count; ++i) {
      std::filesystem::create_directories((folder / files[i]).parent_path());
      write_file(folder / files[i], i == 1 ? "" : files[i]);
      words.push_back(files[i]);
    }
    ASSERT_EQ(support::run_program("/bin/tar", words).exit_code, 0) << format;
    ArchiveFile archive(folder / (format + ".tar"));
    const auto found = members(archive);
    ASSERT_EQ(found.size(), count) << format;
    for (size_t i = 0; i < count; ++i) {
      EXPECT_EQ(found[i].name, files[i]);
      std::string bytes(found[i].size, '\0');
      archive.read(found[i].offset, std::as_writable_bytes(std::span(bytes)));
      EXPECT_EQ(bytes, i == 1 ? "" : files[i]) << format;
    }
  }
}

TEST(Tar, LongNamesAndSizesStandInFrontOfTheirMember) {
  const std::string name = "far/" + std::string(300, 'n') + ".npy";
  EXPECT_THAT(
      names(TarArchive()
                .raw(extended(name + '\0', 'L'))
                .add("cut", "x")
                .raw(extended(TarArchive::line("comment", "for all"), 'g'))
                .raw(extended(TarArchive::line("mtime", "1.5") + TarArchive::line("path", name)))
                .add("cut", "y")
                .add("plain", "z")
                .bytes()),
      ElementsAre(name, name, "plain"));
  const auto sized =
      members(TarArchive()
                  .raw(extended(TarArchive::line("size", "5")))
                  .raw(TarArchive::header({.name = "a"}) + TarArchive::filled("12345"))
                  .add("b", "")
                  .bytes());
  ASSERT_EQ(sized.size(), 2u);
  EXPECT_EQ(sized[0].size, 5u);
  EXPECT_EQ(sized[1].size, 0u) << "said of one member alone";
}

TEST(Tar, NamesAreMadeOfTwoFields) {
  const std::string block = TarArchive::header({.name = "b.npy", .prefix = "very/long"});
  EXPECT_THAT(names(TarArchive().raw(block).bytes()), ElementsAre("very/long/b.npy"));
  // GNU keeps times where POSIX keeps the prefix.
  std::string gnu = block;
  gnu.replace(257, 8, std::string("ustar  \0", 8));
  EXPECT_THAT(names(TarArchive().raw(TarArchive::with_sum(gnu)).bytes()), ElementsAre("b.npy"));
}

TEST(Tar, SizesMayBeBinary) {
  std::string size(12, '\0');
  size[0] = '\x80';
  size[11] = 3;
  const auto found = members(
      TarArchive()
          .raw(TarArchive::header({.name = "a", .size_field = size}) + TarArchive::filled("abc"))
          .bytes());
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].size, 3u);
}

TEST(Tar, ArchivesBehindOneAnotherAreOne) {
  const std::string one = TarArchive().add("a", "1").bytes();
  const std::string two = TarArchive().add("b", "2").bytes();
  EXPECT_THAT(names(one + two), ElementsAre("a", "b"));
  EXPECT_THAT(names(one), ElementsAre("a"));
}

TEST(Tar, LinksAndDevicesAreTold) {
  const auto found = members(
      TarArchive().add("hard", "", '1').add("soft", "", '2').add("device", "", '3').bytes());
  ASSERT_EQ(found.size(), 3u);
  EXPECT_EQ(found[0].kind, TarMemberKind::kLink);
  EXPECT_EQ(found[1].kind, TarMemberKind::kLink);
  EXPECT_EQ(found[2].kind, TarMemberKind::kOther);
}

TEST(Tar, WhatIsCutShortIsRefusedWhereverItIs) {
  const std::string bytes = TarArchive().add("a", std::string(700, 'x')).add("b", "y").bytes();
  EXPECT_EQ(names(bytes).size(), 2u);
  EXPECT_EQ(names(bytes.substr(0, bytes.size() - 512)).size(), 2u)
      << "one block of zeros is enough";
  for (size_t size = 0; size < bytes.size() - 512; size += 37) {
    EXPECT_THROW(members(bytes.substr(0, size)), Error) << size;
  }
  expect_error("", "is an empty file");
  expect_error(bytes.substr(0, 100), "is no tar archive");
  expect_error(bytes.substr(0, 600), "cut short within a member");
  expect_error(TarArchive().add("a", "x").open_bytes(), "cut short: its end is missing");
}

TEST(Tar, WhatIsDamagedIsRefused) {
  expect_error(std::string(512, 'x'), "is no tar archive");
  std::string flipped = TarArchive().add("a", "x").add("b", "y").bytes();
  flipped[1024] = 'c';
  expect_error(flipped, "damaged tar header at byte 1024: its sum is wrong");
  expect_error(TarArchive().raw(TarArchive::header({.name = "a", .size_field = "12x"})).bytes(),
               "size");
  expect_error(
      TarArchive()
          .raw(TarArchive::header(
              {.name = "a", .size_field = "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"}))
          .bytes(),
      "size");
  expect_error(
      TarArchive().raw(TarArchive::header({.name = "a", .size_field = "77777777777"})).bytes(),
      "cut short");
  for (const std::string line :
       {"x", "9 a=b\n", "99 path=a\n", "7 path\n", "0 a=b\n", "8path=a\n", "10 path=ab"}) {
    expect_error(TarArchive().raw(extended(line)).add("a", "x").bytes(), "damaged extended header");
  }
  expect_error(TarArchive().raw(extended(TarArchive::line("size", "-1"))).add("a", "x").bytes(),
               "damaged extended header");
  expect_error(TarArchive()
                   .raw(extended(TarArchive::line("path", std::string("a\0b", 3))))
                   .add("a", "x")
                   .bytes(),
               "holds NUL");
  expect_error(TarArchive().raw(extended(std::string(70000, 'n'), 'L')).add("a", "x").bytes(),
               "extended header of 70000 bytes");
  expect_error(TarArchive().raw(extended("name", 'L')).bytes(), "no member behind it");
  expect_error(TarArchive().add("a", "x").raw(std::string(2 << 20, '\0')).bytes(),
               "1 MiB of zeros");
}

TEST(Tar, WhatIsNotReadIsRefusedByName) {
  expect_error(TarArchive().add("a", "", 'S').bytes(), "'a' is kept with holes");
  expect_error(TarArchive().add("a", "", 'M').bytes(), "'a' began in another volume");
  expect_error(TarArchive().add("a", "", 'Q').bytes(), "'a' is of the unknown kind 'Q'");
  expect_error(
      TarArchive().raw(extended(TarArchive::line("GNU.sparse.major", "1"))).add("a", "x").bytes(),
      "kept with holes");
}

}  // namespace
}  // namespace rangefinder::data
