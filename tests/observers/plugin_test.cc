#include "observers/plugin.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "base/error.h"
#include "observers/built_in.h"

namespace rangefinder::observers {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string refusal(const std::string& file, Registry& into) {
  try {
    load_plugin(file, into);
  } catch (const Error& error) {
    EXPECT_EQ(error.place().file, file);
    return error.what();
  }
  return "not refused";
}

TEST(Plugin, BringsItsMethods) {
  Registry into;
  EXPECT_THAT(load_plugin(EXAMPLE_PLUGIN, into), ElementsAre("aciq-laplace", "lp-error"));
  EXPECT_THAT(into.names(), ElementsAre("aciq-laplace", "lp-error"));
}

TEST(Plugin, OfAnotherVersionIsRefusedNamingBoth) {
  Registry into;
  const std::string message = refusal(OTHER_VERSION_PLUGIN, into);
  EXPECT_THAT(message, HasSubstr("version 42"));
  EXPECT_THAT(message, HasSubstr("has version 1"));
}

TEST(Plugin, ThatIsNoneIsRefused) {
  Registry into;
  EXPECT_THAT(refusal(NO_ENTRY_PLUGIN, into), HasSubstr("does not export"));
  EXPECT_THAT(refusal("/no/such/plugin.so", into), HasSubstr("cannot open"));
  EXPECT_THAT(refusal(RANGEFINDER_TEST_DATA "/goldens/ppq_observers.csv", into),
              HasSubstr("cannot be loaded"));
}

TEST(Plugin, ThatIsNoRegularFileIsRefusedAtOnce) {
  Registry into;
  const std::string folder = testing::TempDir();
  EXPECT_THAT(refusal(folder, into), HasSubstr("is a folder"));
  EXPECT_THAT(refusal("/dev/zero", into), HasSubstr("is a device"));
  const std::string pipe = folder + "plugin_test_pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_THAT(refusal(pipe, into), HasSubstr("is a pipe"));
  std::filesystem::remove(pipe);
}

TEST(Plugin, ThatThrowsIsRefused) {
  Registry into;
  EXPECT_THAT(refusal(THROWS_AT_ENTRY_PLUGIN, into), HasSubstr("threw something"));
}

TEST(Plugin, WithATakenNameRegistersNothing) {
  Registry into;
  add_built_in_observers(into);
  const auto before = into.names();
  EXPECT_THAT(refusal(TAKES_A_NAME_PLUGIN, into),
              HasSubstr("('minmax') has the name of a method that is already registered"));
  EXPECT_EQ(into.names(), before);
  load_plugin(EXAMPLE_PLUGIN, into);
  EXPECT_THAT(refusal(EXAMPLE_PLUGIN, into), HasSubstr("already registered")) << "loaded twice";
}

}  // namespace
}  // namespace rangefinder::observers
