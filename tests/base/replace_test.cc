#include "base/replace.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/file.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include "base/error.h"
#include "base/file.h"
#include "base/folder_fixture.h"
#include "base/pending_files.h"

namespace rangefinder {
namespace {

namespace fs = std::filesystem;

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Replace : public FolderTest {
 protected:
  static void write(const fs::path& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary) << bytes;
  }
  /// A temporary file of a process that is dead.
  Replacement dead(const std::string& target, const std::string& bytes,
                   const std::string& letters = "abcdef") const {
    std::string name = temporary_template(file(target)).string();
    name.replace(name.size() - letters.size(), letters.size(), letters);
    write(name, bytes);
    return {name, file(target), {}};
  }
  /// As a process leaves it that is killed behind its `done`-th rename.
  void write_journal(const std::vector<Replacement>& files, size_t done) const {
    std::string text("rangefinder commit 1\0", 21);
    for (const Replacement& one : files) {
      text += one.temporary.filename().string() + '\0' + one.target.filename().string() + '\0';
    }
    text += std::string("end\0", 4);
    for (const Replacement& one : files) write(companion_of(one.target, "commit"), text);
    for (size_t i = 0; i < done; ++i) fs::rename(files[i].temporary, files[i].target);
  }
  std::vector<Replacement> two() const {
    write(file("a"), "old a");
    write(file("b"), "old b");
    return {dead("a", "new a"), dead("b", "new b")};
  }
  void expect_content(const std::string& a, const std::string& b) const {
    EXPECT_EQ(read_file(file("a")), a);
    EXPECT_EQ(read_file(file("b")), b);
    EXPECT_THAT(names(), ElementsAre("a", "b"));
  }
};

TEST_F(Replace, RenamesAll) {
  replace_together(two());
  expect_content("new a", "new b");
}

TEST_F(Replace, ARenameThatFailsTakesBackThoseBeforeIt) {
  auto files = two();
  files.push_back(dead("c", "new c"));
  fs::create_directory(file("c"));  // Cannot be replaced by a file.
  EXPECT_THROW(replace_together(files), Error);
  fs::remove(file("c"));
  expect_content("old a", "old b");
}

TEST_F(Replace, ANewFileGoesAgainIfALaterOneFails) {
  const std::vector<Replacement> files = {dead("a", "new a"), dead("b", "new b")};
  fs::create_directory(file("b"));
  EXPECT_THROW(replace_together(files), Error);
  EXPECT_THAT(names(), ElementsAre("b"));
}

TEST_F(Replace, ATemporaryFileThatVanishedIsFoundBeforeAnythingIsReplaced) {
  const auto files = two();
  fs::remove(files[1].temporary);
  EXPECT_THROW(replace_together(files), Error);
  expect_content("old a", "old b");
}

TEST_F(Replace, AnyOutputsNextRunFinishesWhatAKilledOneBegan) {
  for (const char* output : {"a", "b"}) {
    for (size_t done = 0; done < 2; ++done) {
      write_journal(two(), done);
      const auto told = recover(file(output));
      ASSERT_TRUE(told.has_value());
      EXPECT_THAT(*told, HasSubstr(file("a").string()));
      expect_content("new a", "new b");
    }
    write_journal(two(), 2);
    EXPECT_FALSE(recover(file(output))) << "all was done";
    fs::remove(companion_of(file("a"), "commit"));
    fs::remove(companion_of(file("b"), "commit"));
    expect_content("new a", "new b");
  }
}

TEST_F(Replace, ABackupOfAKilledRunGoes) {
  write_journal(two(), 1);
  write(companion_of(file("a"), "old"), "old a");
  EXPECT_TRUE(recover(file("b")));
  expect_content("new a", "new b");
}

TEST_F(Replace, AJournalThatWasNotFinishedMeansNothingWasBegun) {
  const auto files = two();
  for (const char* text : {"", "rangefinder commit 1", "something else"}) {
    write(companion_of(file("a"), "commit"), text);
    EXPECT_FALSE(recover(file("a")));
    EXPECT_EQ(read_file(file("a")), "old a");
  }
  recover(file("b"));
  expect_content("old a", "old b");
}

TEST_F(Replace, AJournalCannotNameOtherFiles) {
  write(file("a"), "old a");
  write(file("precious"), "secret");
  for (const fs::path& other : {file("precious"), file("../precious")}) {
    std::string text("rangefinder commit 1\0", 21);
    text += other.string() + '\0' + "a" + '\0' + std::string("end\0", 4);
    write(companion_of(file("a"), "commit"), text);
    EXPECT_FALSE(recover(file("a")));
  }
  EXPECT_EQ(read_file(file("a")), "old a");
  EXPECT_EQ(read_file(file("precious")), "secret");
}

TEST_F(Replace, TheFolderMayHaveMovedMeanwhile) {
  write_journal(two(), 1);
  const fs::path moved = folder_.string() + "_moved";
  fs::rename(folder_, moved);
  folder_ = moved;
  EXPECT_TRUE(recover(file("b")));
  expect_content("new a", "new b");
}

TEST_F(Replace, TemporaryFilesOfDeadProcessesGoAndThoseOfTheLivingStay) {
  const PendingFile living(file("a"));
  dead("a", "x", "abcdef");
  dead("a", "x", "ghijkl");
  dead("ab", "x");
  write(file(".a.rangefinder-tmp-mine"), "not ours");
  EXPECT_EQ(names().size(), 5u);
  EXPECT_FALSE(recover(file("a")));
  EXPECT_EQ(names().size(), 3u);
  EXPECT_TRUE(fs::exists(dead("ab", "x").temporary));
}

TEST_F(Replace, WhatALivingProcessIsDoingIsLeftAlone) {
  const auto files = two();
  write_journal(files, 1);
  const Descriptor journal(::open(companion_of(file("a"), "commit").c_str(), O_RDWR));
  ASSERT_EQ(::flock(journal.value(), LOCK_EX), 0);
  const Descriptor temporary(::open(files[1].temporary.c_str(), O_RDWR));
  ASSERT_EQ(::flock(temporary.value(), LOCK_EX), 0);
  EXPECT_FALSE(recover(file("a")));
  EXPECT_EQ(read_file(file("b")), "old b");
  EXPECT_TRUE(fs::exists(files[1].temporary));
}

TEST_F(Replace, NothingToRecoverIsTheRule) {
  EXPECT_FALSE(recover(file("none")));
  EXPECT_FALSE(recover(file("no/folder")));
  EXPECT_THAT(names(), IsEmpty());
}

}  // namespace
}  // namespace rangefinder
