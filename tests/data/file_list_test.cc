#include "data/file_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/file.h"
#include "data/temporary_folder.h"

namespace rangefinder::data {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

class FileList : public testing::Test {
 protected:
  std::vector<ListedPath> read(const std::string& text) const {
    write_file(folder_ / "list.txt", text);
    return read_file_list(folder_ / "list.txt");
  }

  TemporaryFolder folder_;
};

TEST_F(FileList, APathALineFromTheListsFolderOn) {
  const auto paths = read("a.npy\n\n# a comment\n  sub/../b c.npy \t\r\n/far/c.npy");
  ASSERT_EQ(paths.size(), 3u);
  EXPECT_EQ(paths[0].path, folder_ / "a.npy");
  EXPECT_EQ(paths[0].name, "a.npy");
  EXPECT_EQ(paths[0].line, 1u);
  EXPECT_EQ(paths[1].path, folder_ / "sub/../b c.npy");
  EXPECT_EQ(paths[1].name, "b c.npy");
  EXPECT_EQ(paths[1].line, 4u);
  EXPECT_EQ(paths[2].path, "/far/c.npy");
  EXPECT_EQ(paths[2].line, 5u);
}

TEST_F(FileList, SpecialNamesAreFilesInAList) {
  const auto paths = read("\xEF\xBB\xBF-\n./#1.npy\n@a.npy\n");
  ASSERT_EQ(paths.size(), 3u);
  EXPECT_EQ(paths[0].name, "-");
  EXPECT_EQ(paths[1].name, "#1.npy");
  EXPECT_EQ(paths[2].name, "@a.npy");
}

TEST_F(FileList, WhatIsNoneIsRefused) {
  for (const std::string text : {"", "\n\n", "# nothing\n"}) {
    EXPECT_THAT([&] { read(text); }, ThrowsMessage<Error>(HasSubstr("list.txt: names no files")));
  }
  EXPECT_THAT([&] { read(std::string("a\0b", 3)); },
              ThrowsMessage<Error>(HasSubstr("no list of files")));
  EXPECT_THROW(read_file_list(folder_ / "none.txt"), Error);
  EXPECT_THROW(read_file_list(folder_.path()), Error);
}

TEST(ListOf, AnAtSignAsksForAList) {
  EXPECT_EQ(list_of("@a/list.txt"), std::filesystem::path("a/list.txt"));
  EXPECT_EQ(list_of("./@a"), std::nullopt);
  EXPECT_EQ(list_of("a@b"), std::nullopt);
}

}  // namespace
}  // namespace rangefinder::data
