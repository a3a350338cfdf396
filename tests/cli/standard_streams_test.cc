#include "cli/standard_streams.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>

#include "base/error.h"

namespace rangefinder::cli {
namespace {

/// What flush_standard_output() says of a text written to `file`; in a child, whose exit code tells
/// whether it said `expected`.
[[noreturn]] void write_to(int file, size_t size, const std::string& expected, bool by_stream) {
  std::fflush(stdout);
  ::dup2(file, STDOUT_FILENO);
  const std::string text(size, 'x');
  by_stream ? void(std::cout << text) : void(std::fputs(text.c_str(), stdout));
  std::string found = "fine";
  try {
    flush_standard_output();
  } catch (const Error& error) {
    found = error.what();
  }
  std::_Exit(found.find(expected) != std::string::npos ? 7 : 1);
}

TEST(StandardOutput, IsFullOrClosed) {
  for (const bool by_stream : {true, false}) {
    for (const size_t size : {10u, 100'000u}) {
      EXPECT_EXIT(write_to(::open("/dev/full", O_WRONLY), size, "standard output: ", by_stream),
                  testing::ExitedWithCode(7), "");
      EXPECT_EXIT(write_to(::open("/dev/null", O_RDONLY), size, "standard output: ", by_stream),
                  testing::ExitedWithCode(7), "");
      EXPECT_EXIT(write_to(::open("/dev/null", O_WRONLY), size, "fine", by_stream),
                  testing::ExitedWithCode(7), "");
    }
  }
}

TEST(StandardOutput, AReaderThatWentAwayIsAnError) {
  EXPECT_EXIT(
      {
        secure_standard_streams();
        int ends[2];
        if (::pipe(ends) == 0) ::close(ends[0]);
        write_to(ends[1], 10, "Broken pipe", false);
      },
      testing::ExitedWithCode(7), "");
}

TEST(StandardStreams, AClosedOneIsNotTheNextFile) {
  EXPECT_EXIT(
      {
        for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::close(stream);
        secure_standard_streams();
        const bool is_behind = ::open("/dev/null", O_RDWR) > STDERR_FILENO;
        const bool output_fails = ::write(STDOUT_FILENO, "x", 1) < 0;
        const bool errors_vanish = ::write(STDERR_FILENO, "x", 1) == 1;
        std::_Exit(is_behind && output_fails && errors_vanish ? 7 : 1);
      },
      testing::ExitedWithCode(7), "");
}

}  // namespace
}  // namespace rangefinder::cli
