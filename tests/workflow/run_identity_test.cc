#include "workflow/run_identity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/version.h"

namespace rangefinder::workflow {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Pair;

TEST(RunIdentity, BeginsWithTheProgram) {
  const RunIdentity run = begin_identity("observe", {});
  EXPECT_THAT(run, Contains(Pair("program version", kVersion)));
  EXPECT_THAT(run, Contains(Pair("command", "observe")));
  EXPECT_EQ(difference(begin_identity("observe", {.kind = Device::Kind::kCuda}), run),
            "device 'cuda' instead of 'cpu'");
}

TEST(RunIdentity, TheFirstDifferenceIsTold) {
  const RunIdentity run = {{"model", "a"}, {"data", "b"}};
  EXPECT_EQ(difference(run, run), "");
  EXPECT_EQ(difference({{"model", "a"}, {"data", "c"}}, run), "data 'c' instead of 'b'");
  EXPECT_EQ(difference({{"model", "x"}, {"data", "c"}}, run), "model 'x' instead of 'a'");
  EXPECT_EQ(difference({{"model", "a"}}, run), "1 parts instead of 2");
}

TEST(RunIdentity, AnotherRunIsAnErrorThatNamesThePlace) {
  EXPECT_NO_THROW(require_same_run({{"model", "a"}}, {{"model", "a"}}, "run.ckpt"));
  try {
    require_same_run({{"model", "b"}}, {{"model", "a"}}, "run.ckpt");
    ADD_FAILURE() << "no error";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "run.ckpt: belongs to another run: model 'b' instead of 'a'");
  }
}

}  // namespace
}  // namespace rangefinder::workflow
