#include "cli/progress.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>

namespace rangefinder::cli {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::ThrowsMessage;

/// What `action` writes to standard error.
template <typename Action>
std::string errors_of(Action&& action) {
  testing::internal::CaptureStderr();
  action();
  return testing::internal::GetCapturedStderr();
}

/// What `action` writes to standard error if that is a terminal.
template <typename Action>
std::string terminal_shows(Action&& action) {
  const int terminal = ::posix_openpt(O_RDWR | O_NOCTTY);
  EXPECT_EQ(::grantpt(terminal), 0);
  EXPECT_EQ(::unlockpt(terminal), 0);
  const int screen = ::open(::ptsname(terminal), O_RDWR | O_NOCTTY);
  const int errors = ::dup(STDERR_FILENO);
  ::dup2(screen, STDERR_FILENO);
  action();
  ::dup2(errors, STDERR_FILENO);
  ::close(errors);
  ::fcntl(terminal, F_SETFL, O_NONBLOCK);
  std::string shown;
  char block[4096];
  for (ssize_t n = 0; (n = ::read(terminal, block, sizeof block)) > 0;) {
    shown.append(block, static_cast<size_t>(n));
  }
  ::close(screen);
  ::close(terminal);
  return shown;
}

TEST(Progress, KnowsItsModes) {
  EXPECT_THAT([] { Progress("loud"); }, ThrowsMessage<std::invalid_argument>(AllOf(
                                            HasSubstr("'loud'"), HasSubstr("auto, json, none"))));
}

TEST(Progress, IsSilentWhenPipedOrToldTo) {
  for (const char* mode : {"auto", "none"}) {
    EXPECT_EQ(errors_of([&] {
                Progress progress(mode);
                progress.update("observe", 1, 2);
                progress.finish();
              }),
              "")
        << mode;
  }
}

TEST(Progress, WritesAnObjectPerEvent) {
  const std::string written = errors_of([] {
    Progress progress("json");
    progress.update("observe", 1, 2);
    progress.update("observe", 2, 2);
    progress.update("compare", 0, 0);
    progress.finish();
  });
  std::istringstream lines(written);
  std::string found;
  for (std::string line; std::getline(lines, line);) {
    const auto event = nlohmann::json::parse(line);
    EXPECT_EQ(event["event"], "progress");
    EXPECT_GE(event["seconds"], 0);
    found += event["stage"].get<std::string>() + event["done"].dump() + event["total"].dump() + " ";
  }
  EXPECT_EQ(found, "observe12 observe22 compare00 ");
}

TEST(Progress, DrawsABarOnATerminal) {
  const std::string shown = terminal_shows([] {
    Progress progress("auto");
    progress.update("observe", 1, 2);
    progress.update("observe", 2, 2);
    progress.update("compare", 3, 3);
    progress.finish();
  });
  EXPECT_THAT(shown, HasSubstr("\robserve  [###############...............] 1/2"));
  EXPECT_THAT(shown, HasSubstr("\robserve  [##############################] 2/2  0.0 s left"));
  EXPECT_THAT(shown, HasSubstr("\n\rcompare "));
  EXPECT_THAT(shown, EndsWith("left \r\n"));
}

TEST(Progress, DrawsAFewTimesASecondAtMost) {
  const std::string shown = terminal_shows([] {
    Progress progress("auto");
    for (size_t i = 1; i <= 1000; ++i) progress.update("observe", i, 1000);
  });
  EXPECT_LT(std::count(shown.begin(), shown.end(), '['), 500);
  EXPECT_THAT(shown, HasSubstr("1000/1000"));
}

TEST(Progress, AMessageBehindABarStandsOnALineOfItsOwn) {
  const std::string shown = terminal_shows([] {
    try {
      Progress progress("auto");
      progress.update("observe", 1, 2);
      throw std::runtime_error("a sample is damaged");
    } catch (const std::runtime_error& error) {
      std::fputs(error.what(), stderr);
    }
  });
  EXPECT_THAT(shown, EndsWith("\na sample is damaged"));
}

}  // namespace
}  // namespace rangefinder::cli
