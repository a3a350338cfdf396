#include "base/file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "base/error.h"

namespace rangefinder {
namespace {

namespace fs = std::filesystem;

class File : public testing::Test {
 protected:
  void SetUp() override { fs::create_directories(folder_); }
  void TearDown() override { fs::remove_all(folder_); }
  size_t files() const {
    return static_cast<size_t>(std::distance(fs::directory_iterator(folder_), {}));
  }
  fs::path folder_ = fs::temp_directory_path() /
                     ("rangefinder_file_test_" +
                      std::string(testing::UnitTest::GetInstance()->current_test_info()->name()));
};

TEST_F(File, ReadsBackWhatWasWritten) {
  const std::string bytes("a\0b\n", 4);
  write_file(folder_ / "x", bytes);
  EXPECT_EQ(read_file(folder_ / "x"), bytes);
  write_file(folder_ / "x", "");
  EXPECT_EQ(read_file(folder_ / "x"), "");
  EXPECT_EQ(files(), 1u);
}

TEST_F(File, MissingFileAndFolderAreErrorsThatNameThem) {
  EXPECT_THROW(read_file(folder_ / "none"), Error);
  EXPECT_THROW(read_file(folder_), Error);
  EXPECT_THROW(write_file(folder_ / "none" / "x", "a"), Error);
  EXPECT_THROW(write_file(folder_, "a"), Error);
}

TEST_F(File, PendingFileLeavesTheOldContentUntilCommitted) {
  write_file(folder_ / "x", "old");
  { PendingFile pending(folder_ / "x"); }
  EXPECT_EQ(read_file(folder_ / "x"), "old");
  EXPECT_EQ(files(), 1u);
  PendingFile pending(folder_ / "x");
  write_file(pending.temporary(), "new");
  pending.commit();
  EXPECT_EQ(read_file(folder_ / "x"), "new");
  EXPECT_EQ(files(), 1u);
}

TEST_F(File, LinksStayAndWhatTheyLeadToIsReplaced) {
  write_file(folder_ / "x", "old");
  fs::create_symlink("x", folder_ / "link");
  write_file(folder_ / "link", "new");
  EXPECT_TRUE(fs::is_symlink(folder_ / "link"));
  EXPECT_EQ(read_file(folder_ / "x"), "new");
  EXPECT_EQ(files(), 2u);
}

TEST_F(File, WhatIsNoFileIsNeverReplaced) {
  ASSERT_EQ(::mkfifo((folder_ / "pipe").c_str(), 0600), 0);
  EXPECT_THROW(write_file(folder_ / "pipe", "a"), Error);
  EXPECT_TRUE(fs::is_fifo(folder_ / "pipe"));
  EXPECT_EQ(files(), 1u);
}

TEST_F(File, RequireWritableChangesNothing) {
  write_file(folder_ / "x", "old");
  require_writable(folder_ / "x");
  require_writable(folder_ / "y");
  EXPECT_EQ(read_file(folder_ / "x"), "old");
  EXPECT_EQ(files(), 1u);
  EXPECT_THROW(require_writable(folder_ / "none" / "x"), Error);
  EXPECT_THROW(require_writable(folder_), Error);
}

TEST_F(File, SeveralFilesAppearTogether) {
  write_file(folder_ / "a", "old");
  {
    PendingFiles files;
    files.add(folder_ / "a", "new");
    EXPECT_THROW(files.add(folder_ / "none" / "b", "new"), Error);
  }
  EXPECT_EQ(read_file(folder_ / "a"), "old");
  EXPECT_EQ(files(), 1u);
  PendingFiles pending;
  pending.add(folder_ / "a", "new");
  pending.add(folder_ / "b", "more");
  EXPECT_EQ(read_file(folder_ / "a"), "old");
  pending.commit();
  EXPECT_EQ(read_file(folder_ / "a"), "new");
  EXPECT_EQ(read_file(folder_ / "b"), "more");
  EXPECT_EQ(files(), 2u);
}

TEST_F(File, ALinkToNothingYetIsFollowed) {
  fs::create_symlink(folder_ / "later", folder_ / "link");
  write_file(folder_ / "link", "a");
  EXPECT_TRUE(fs::is_symlink(folder_ / "link"));
  EXPECT_EQ(read_file(folder_ / "later"), "a");
}

TEST_F(File, AnEmptyNameIsRefused) { EXPECT_THROW(require_writable(""), Error); }

}  // namespace
}  // namespace rangefinder
