#include "base/leftovers.h"

#include <chrono>
#include <cstdlib>
#include <thread>

#include "base/file.h"
#include "base/folder_fixture.h"

namespace rangefinder {
namespace {

namespace fs = std::filesystem;

using Leftovers = FolderTest;

// What can only be called at the end of a process is called in a child of the test.
void end_process() {
  remove_leftovers();
  std::_Exit(7);
}

TEST_F(Leftovers, GoWithTheProcess) {
  write_file(file("kept"), "a");
  write_file(file("gone"), "a");
  fs::create_directories(file("folder/sub"));
  write_file(file("folder/sub/x"), "a");
  const Leftover one(file("gone"));
  const Leftover folder(file("folder"));
  { const Leftover forgotten(file("kept")); }
  EXPECT_EXIT(end_process(), testing::ExitedWithCode(7), "");
  EXPECT_EQ(names(), std::vector<std::string>{"kept"});
}

TEST_F(Leftovers, StayWhileTheyBecomeResults) {
  write_file(file("x"), "a");
  const Leftover one(file("x"));
  EXPECT_EXIT(
      {
        const auto start = std::chrono::steady_clock::now();
        const LeftoversHeld held;
        std::thread(remove_leftovers).join();
        const auto waited = std::chrono::steady_clock::now() - start;
        std::_Exit(waited < std::chrono::seconds(5) ? 7 : 1);
      },
      testing::ExitedWithCode(7), "");
  EXPECT_EQ(names(), std::vector<std::string>{"x"});
}

}  // namespace
}  // namespace rangefinder
