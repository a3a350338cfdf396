#include "base/file.h"

#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

#include "base/cancellation.h"
#include "base/error.h"
#include "base/folder_fixture.h"

namespace rangefinder {
namespace {

namespace fs = std::filesystem;

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

using File = FolderTest;

TEST_F(File, ReadsBackWhatWasWritten) {
  const std::string large(5'000'000, 'x');
  for (const std::string& bytes : {std::string("a\0b\n", 4), std::string(), large}) {
    write_file(file("x"), bytes);
    EXPECT_EQ(read_file(file("x")), bytes);
  }
  EXPECT_THAT(names(), ElementsAre("x"));
}

TEST_F(File, MissingFileAndFolderAreErrorsThatNameThem) {
  EXPECT_THROW(read_file(file("none")), Error);
  EXPECT_THROW(read_file(folder_), Error);
  EXPECT_THROW(write_file(file("none") / "x", "a"), Error);
  EXPECT_THROW(write_file(folder_, "a"), Error);
}

TEST_F(File, ReadsFilesWhoseSizeTheSystemDoesNotTell) {
  EXPECT_THAT(read_file("/proc/self/status"), HasSubstr("Pid:"));
}

TEST_F(File, WhatIsNoRegularFileIsRefusedByName) {
  const auto refused = [](const fs::path& path, const char* kind) {
    const auto matches = ThrowsMessage<Error>(AllOf(HasSubstr(path.string()), HasSubstr(kind)));
    EXPECT_THAT([&] { read_file(path); }, matches);
    EXPECT_THAT([&] { require_regular_file(path); }, matches);
  };
  ASSERT_EQ(::mkfifo(file("pipe").c_str(), 0600), 0);
  refused(file("pipe"), "is a pipe");
  refused("/dev/zero", "is a device");
  refused(folder_, "is a folder");
  fs::create_symlink("/dev/zero", file("link"));
  refused(file("link"), "is a device");
  const int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, file("socket").c_str(), sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(socket, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  refused(file("socket"), "is a socket");
  ::close(socket);
}

TEST_F(File, ReadingStopsWhenTold) {
  write_file(file("x"), "a");
  std::atomic<bool> flag = true;
  const Cancellation heeded(&flag);
  EXPECT_THROW(read_file(file("x")), Error);
  EXPECT_THROW(write_file(file("x"), "b"), Error);
  flag = false;
  EXPECT_EQ(read_file(file("x")), "a");
}

TEST_F(File, RequireWritableChangesNothing) {
  write_file(file("x"), "old");
  require_writable(file("x"));
  require_writable(file("y"));
  EXPECT_EQ(read_file(file("x")), "old");
  EXPECT_THAT(names(), ElementsAre("x"));
  EXPECT_THROW(require_writable(file("none") / "x"), Error);
  EXPECT_THROW(require_writable(folder_), Error);
  EXPECT_THROW(require_writable(""), Error);
}

}  // namespace
}  // namespace rangefinder
