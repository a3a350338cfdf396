#include "base/pending_files.h"

#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <atomic>
#include <csignal>
#include <string>
#include <thread>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "base/folder_fixture.h"

namespace rangefinder {
namespace {

namespace fs = std::filesystem;

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;
using testing::ThrowsMessage;

class Pending : public FolderTest {
 protected:
  static void replace(const fs::path& path, const std::string& bytes) {
    PendingFiles files;
    files.add(path, bytes);
    files.commit();
  }
  static mode_t mode_of(const fs::path& path) {
    struct stat found = {};
    EXPECT_EQ(::stat(path.c_str(), &found), 0);
    return found.st_mode & 07777;
  }
};

TEST_F(Pending, LeavesTheOldContentUntilCommitted) {
  replace(file("x"), "old");
  { PendingFile pending(file("x")); }
  EXPECT_THAT(names(), ElementsAre("x"));
  PendingFiles pending;
  pending.add(file("x"), "new");
  EXPECT_EQ(read_file(file("x")), "old");
  EXPECT_THAT(names(), ElementsAre(StartsWith(".x.rangefinder-tmp-"), "x"));
  pending.commit();
  EXPECT_EQ(read_file(file("x")), "new");
  EXPECT_THAT(names(), ElementsAre("x"));
}

TEST_F(Pending, SeveralFilesAppearTogether) {
  replace(file("a"), "old");
  {
    PendingFiles files;
    files.add(file("a"), "new");
    EXPECT_THROW(files.add(file("none") / "b", "new"), Error);
  }
  EXPECT_EQ(read_file(file("a")), "old");
  EXPECT_THAT(names(), ElementsAre("a"));
  PendingFiles pending;
  pending.add(file("a"), "new");
  pending.add(file("b"), "more");
  EXPECT_EQ(read_file(file("a")), "old");
  pending.commit();
  EXPECT_EQ(read_file(file("a")), "new");
  EXPECT_EQ(read_file(file("b")), "more");
  EXPECT_THAT(names(), ElementsAre("a", "b"));
}

TEST_F(Pending, NoFileIsWrittenTwice) {
  replace(file("x"), "old");
  fs::create_symlink("x", file("link"));
  const fs::path there = file("x");
  const fs::path later = file("later");
  const std::vector<std::vector<fs::path>> pairs = {
      {there, there}, {there, file("link")}, {later, file(".") / "later"}};
  for (const std::vector<fs::path>& pair : pairs) {
    PendingFiles files;
    files.add(pair[0], "new");
    EXPECT_THAT([&] { files.add(pair[1], "newer"); },
                ThrowsMessage<Error>(HasSubstr("a file of its own")));
  }
  EXPECT_EQ(read_file(file("x")), "old");
  EXPECT_THAT(names(), ElementsAre("link", "x"));
}

TEST_F(Pending, LinksStayAndWhatTheyLeadToIsReplaced) {
  fs::create_directory(file("sub"));
  replace(file("sub/x"), "old");
  fs::create_symlink("sub/x", file("link"));
  fs::create_symlink("link", file("chain"));
  fs::create_symlink(fs::absolute(file("chain")), file("longer"));
  for (const char* name : {"link", "chain", "longer"}) {
    replace(file(name), name);
    EXPECT_TRUE(fs::is_symlink(file(name)));
    EXPECT_FALSE(fs::is_symlink(file("sub/x")));
    EXPECT_EQ(read_file(file("sub/x")), name);
  }
  EXPECT_THAT(names(), ElementsAre("chain", "link", "longer", "sub"));
}

TEST_F(Pending, ALinkToNothingYetIsFollowed) {
  fs::create_symlink(file("later"), file("link"));
  fs::create_symlink("link", file("chain"));
  replace(file("chain"), "a");
  EXPECT_TRUE(fs::is_symlink(file("chain")));
  EXPECT_TRUE(fs::is_symlink(file("link")));
  EXPECT_EQ(read_file(file("later")), "a");
  fs::create_symlink("none/later", file("broken"));
  EXPECT_THROW(PendingFile(file("broken")), Error);
  fs::create_symlink("round", file("round"));
  EXPECT_THROW(PendingFile(file("round")), Error);
}

TEST_F(Pending, TheModeStaysAndANewFileGetsTheUsualOne) {
  replace(file("x"), "old");
  const mode_t mask = ::umask(0);
  ::umask(mask);
  EXPECT_EQ(mode_of(file("x")), 0666 & ~mask);
  for (const mode_t mode : {0600, 0444, 0755, 0664}) {
    ASSERT_EQ(::chmod(file("x").c_str(), mode), 0);
    replace(file("x"), "new");
    EXPECT_EQ(mode_of(file("x")), mode);
  }
}

TEST_F(Pending, WhatIsNoFileIsNeverReplaced) {
  ASSERT_EQ(::mkfifo(file("pipe").c_str(), 0600), 0);
  EXPECT_THROW(PendingFile(file("pipe")), Error);
  EXPECT_TRUE(fs::is_fifo(file("pipe")));
  fs::create_symlink("/dev/null", file("null"));
  EXPECT_THROW(PendingFile(file("null")), Error);
  EXPECT_THROW(PendingFile{folder_}, Error);
  EXPECT_THROW(PendingFile(file("x/")), Error);
  EXPECT_THROW(PendingFile(""), Error);
  EXPECT_THAT(names(), ElementsAre("null", "pipe"));
}

TEST_F(Pending, NamesMayBeAsLongAsTheSystemAllows) {
  const std::string name(255, 'n');
  replace(file(name), "a");
  EXPECT_EQ(read_file(file(name)), "a");
  EXPECT_THAT(names(), ElementsAre(name));
}

TEST_F(Pending, NoRoomLeavesEverythingAsItWas) {
  replace(file("x"), "old");
  rlimit before = {};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit small = {1000, before.rlim_max};
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  EXPECT_THAT([&] { replace(file("x"), std::string(2000, 'n')); },
              ThrowsMessage<Error>(HasSubstr(file("x").string() + ": cannot write")));
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  EXPECT_EQ(read_file(file("x")), "old");
  EXPECT_THAT(names(), ElementsAre("x"));
}

TEST_F(Pending, OneThatWasJustMadeIsNotTakenForADeadOnes) {
  constexpr int kThreads = 4;
  constexpr int kRounds = 500;
  std::atomic<int> lost = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&] {
        for (int round = 0; round < kRounds; ++round) {
          recover(file("x"));
          const Replacement made = PendingFile(file("x")).release();
          std::this_thread::yield();
          if (!fs::remove(made.temporary)) ++lost;
        }
      });
    }
  }
  EXPECT_EQ(lost, 0);
}

TEST_F(Pending, NothingToDoIsFine) {
  PendingFiles files;
  files.commit();
  EXPECT_THAT(names(), IsEmpty());
}

}  // namespace
}  // namespace rangefinder
