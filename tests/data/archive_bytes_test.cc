#include "data/archive_bytes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <string>

#include "base/error.h"
#include "base/file.h"
#include "data/gzip_file.h"
#include "data/temporary_folder.h"

namespace rangefinder::data {
namespace {

std::string text_at(ArchiveBytes& bytes, uint64_t offset, size_t size) {
  std::string text(size, '?');
  text.resize(bytes.read(offset, std::as_writable_bytes(std::span(text))));
  return text;
}

void expect_anywhere(ArchiveBytes& bytes) {
  EXPECT_EQ(text_at(bytes, 7, 3), "789");
  EXPECT_EQ(text_at(bytes, 0, 4), "0123");
  EXPECT_EQ(text_at(bytes, 8, 9), "89");
  EXPECT_EQ(text_at(bytes, 10, 1), "");
  EXPECT_EQ(text_at(bytes, uint64_t{1} << 60, 1), "");
  EXPECT_TRUE(bytes.reaches(10));
  EXPECT_FALSE(bytes.reaches(11));
}

TEST(ArchiveBytes, AreReadFromAnywhere) {
  ArchiveInMemory memory("0123456789");
  expect_anywhere(memory);
  TemporaryFolder folder;
  write_file(folder / "a.tar", "0123456789");
  expect_anywhere(*open_archive(folder / "a.tar"));
  for (const char* name : {"a.tar.gz", "a.TGZ"}) {
    write_file(folder / name, gzip("0123456789"));
    expect_anywhere(*open_archive(folder / name));
  }
}

TEST(ArchiveBytes, OnlyRegularFilesHoldThem) {
  TemporaryFolder folder;
  EXPECT_THROW(open_archive(folder / "none.tar"), Error);
  EXPECT_THROW(open_archive(folder.path()), Error);
  ASSERT_EQ(::mkfifo((folder / "pipe.tar").c_str(), 0600), 0);
  EXPECT_THROW(open_archive(folder / "pipe.tar"), Error);
}

}  // namespace
}  // namespace rangefinder::data
