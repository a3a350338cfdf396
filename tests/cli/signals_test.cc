#include "cli/signals.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>

#include "base/folder_fixture.h"
#include "base/leftovers.h"

namespace rangefinder::cli {
namespace {

using Signals = FolderTest;

constexpr int kAll[] = {SIGINT, SIGTERM, SIGHUP};

TEST_F(Signals, TheFirstSetsTheFlagAndTheSecondEndsTheProgram) {
  for (const int signal : kAll) {
    EXPECT_EXIT(
        {
          const bool before = interrupted();
          std::raise(signal);
          const bool told = interruption_exit_code() == 128 + signal;
          std::_Exit(!before && interrupted() && told ? 7 : 1);
        },
        testing::ExitedWithCode(7), "");
    EXPECT_EXIT(
        {
          interrupted();
          std::raise(signal);
          std::raise(signal);
        },
        testing::KilledBySignal(signal), "");
  }
}

TEST_F(Signals, WhatDoesNotReactIsEndedWithinASecondWithoutLeftovers) {
  for (const int signal : kAll) {
    std::filesystem::create_directory(file("folder"));
    const Leftover leftover(file("folder"));
    EXPECT_EXIT(
        {
          ::alarm(2);  // Not even half of it is needed.
          end_soon_after_interruption();
          std::raise(signal);
          while (true) ::pause();
        },
        testing::ExitedWithCode(128 + signal), "rangefinder: interrupted");
    EXPECT_FALSE(std::filesystem::exists(file("folder")));
  }
}

TEST_F(Signals, ASecondOneEndsItAtOnceWithoutLeftovers) {
  std::filesystem::create_directory(file("folder"));
  const Leftover leftover(file("folder"));
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EXIT(
      {
        end_soon_after_interruption();
        std::raise(SIGTERM);
        std::raise(SIGINT);
        while (true) ::pause();
      },
      testing::ExitedWithCode(128 + SIGTERM), "rangefinder: interrupted");
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(450));
  EXPECT_FALSE(std::filesystem::exists(file("folder")));
}

TEST_F(Signals, AProgramMayBeToldToSurviveTheTerminal) {
  EXPECT_EXIT(
      {
        std::signal(SIGHUP, SIG_IGN);
        interrupted();
        std::raise(SIGHUP);
        std::_Exit(interrupted() ? 1 : 7);
      },
      testing::ExitedWithCode(7), "");
}

}  // namespace
}  // namespace rangefinder::cli
