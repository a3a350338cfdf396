#include "engine/temporary_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <thread>
#include <vector>

#include "base/error.h"
#include "base/file.h"

namespace rangefinder::engine {
namespace {

namespace fs = std::filesystem;

using testing::AllOf;
using testing::HasSubstr;
using testing::ThrowsMessage;

/// TMPDIR for as long as it lives.
class TemporaryPlace {
 public:
  explicit TemporaryPlace(const fs::path& path) {
    if (const char* old = std::getenv("TMPDIR")) before_ = old;
    ::setenv("TMPDIR", path.c_str(), 1);
  }
  ~TemporaryPlace() {
    before_.empty() ? ::unsetenv("TMPDIR") : ::setenv("TMPDIR", before_.c_str(), 1);
  }

 private:
  std::string before_;
};

TEST(TemporaryFolder, IsEmptyAndGoesAwayWithItsContents) {
  fs::path path;
  {
    const TemporaryFolder folder;
    path = folder.path();
    EXPECT_TRUE(fs::is_empty(path));
    write_file(path / "x", "content");
  }
  EXPECT_FALSE(fs::exists(path));
}

TEST(TemporaryFolder, TwoDiffer) {
  const TemporaryFolder a;
  const TemporaryFolder b;
  EXPECT_NE(a.path(), b.path());
  EXPECT_TRUE(fs::exists(a.path())) << "the second took the first for a dead one's";
}

TEST(TemporaryFolder, RemovesThoseOfDeadProcessesAlone) {
  const TemporaryFolder place;
  const TemporaryPlace set(place.path());
  fs::create_directories(place.path() / "rangefinder-run-abcdef/sub");
  fs::create_directories(place.path() / "other-run-abcdef/sub");
  write_file(place.path() / "rangefinder-run-file", "no folder");
  fs::create_directory_symlink("other-run-abcdef", place.path() / "rangefinder-run-link");
  const TemporaryFolder living;
  const TemporaryFolder folder;
  EXPECT_TRUE(fs::exists(living.path()));
  EXPECT_FALSE(fs::exists(place.path() / "rangefinder-run-abcdef"));
  EXPECT_TRUE(fs::exists(place.path() / "other-run-abcdef/sub"));
  EXPECT_TRUE(fs::exists(place.path() / "rangefinder-run-file"));
  EXPECT_TRUE(fs::exists(place.path() / "rangefinder-run-link"));
}

TEST(TemporaryFolder, OneThatWasJustMadeIsNotTakenForADeadOnes) {
  constexpr int kThreads = 4;
  constexpr int kRounds = 500;
  const TemporaryFolder place;
  const TemporaryPlace set(place.path());
  std::atomic<int> lost = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&] {
        for (int round = 0; round < kRounds; ++round) {
          const TemporaryFolder folder;
          std::this_thread::yield();
          if (!fs::exists(folder.path())) ++lost;
        }
      });
    }
  }
  EXPECT_EQ(lost, 0);
}

TEST(TemporaryFolder, NoPlaceForItIsAnErrorThatNamesIt) {
  for (const char* place : {"/nonexistent-folder", "/dev/null"}) {
    const TemporaryPlace set(place);
    EXPECT_THAT([] { TemporaryFolder(); },
                ThrowsMessage<Error>(AllOf(HasSubstr(place), HasSubstr("TMPDIR"))));
  }
}

TEST(TemporaryFolder, TellsWhetherThereIsRoom) {
  const TemporaryFolder folder;
  EXPECT_NO_THROW(folder.require_room(4096));
  EXPECT_TRUE(fs::is_empty(folder.path()));
  rlimit before = {};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit small = {1000, before.rlim_max};
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  EXPECT_THAT([&] { folder.require_room(4096); },
              ThrowsMessage<Error>(AllOf(HasSubstr(folder.path().string()), HasSubstr("TMPDIR"),
                                         HasSubstr("too large"))));
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  EXPECT_TRUE(fs::is_empty(folder.path()));
}

}  // namespace
}  // namespace rangefinder::engine
