#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/fixture.h"

namespace rangefinder::cli {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

using Help = ProgramTest;

TEST_F(Help, IsWhatTheOptionPrints) {
  EXPECT_EQ(succeed({"help"}), succeed({"--help"}));
  EXPECT_EQ(succeed({"help", "quantize"}), succeed({"quantize", "--help"}));
  EXPECT_EQ(succeed({"help", "analog", "compare"}), succeed({"analog", "compare", "-h"}));
}

TEST_F(Help, SaysWhatUsersLookFor) {
  const std::string text = succeed({"help"});
  for (const char* word : {"Calibration", "quantization", "ONNX", "int8", "percentile", "ort-cpu",
                           "analog calibrate", "Examples:"}) {
    EXPECT_THAT(text, HasSubstr(word));
  }
}

TEST_F(Help, AnUnknownCommandIsWrongUsage) {
  expect_failure({"help", "quantise"}, 2, {"did you mean 'quantize'?"});
  expect_failure({"help", "analog", "compar"}, 2, {"did you mean 'compare'?"});
  expect_failure({"help", "quantize", "--man"}, 2, {"--man"});
}

TEST_F(Help, PrintsTheManualPage) {
  EXPECT_THAT(succeed({"help", "--man"}), StartsWith(".TH RANGEFINDER 1 "));
}

}  // namespace
}  // namespace rangefinder::cli
