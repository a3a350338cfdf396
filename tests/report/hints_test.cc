#include "report/hints.h"

#include <gtest/gtest.h>

namespace rangefinder::report {
namespace {

TEST(WithOption, AddsItToTheCommand) {
  EXPECT_EQ(with_option({"rangefinder", "quantize", "m.onnx", "--data", "d"}, "--min-sqnr", "25"),
            "rangefinder quantize m.onnx --data d --min-sqnr 25");
  EXPECT_EQ(with_option({"rangefinder", "quantize", "m.onnx"}, "--fastest"),
            "rangefinder quantize m.onnx --fastest");
}

TEST(WithOption, TakesEarlierUsesOut) {
  EXPECT_EQ(with_option({"r", "--effort", "fast", "m", "--effort=normal", "--efforts", "x"},
                        "--effort", "thorough"),
            "r m --efforts x --effort thorough");
  EXPECT_EQ(with_option({"r", "--fastest", "m"}, "--fastest"), "r m --fastest");
  EXPECT_EQ(with_option({"r", "--effort"}, "--effort", "fast"), "r --effort fast");
}

TEST(WithOption, OptionsOfAMethodGoWithIt) {
  EXPECT_EQ(with_option({"r", "m", "--method", "percentile", "--percentile=0.9", "-o", "x"},
                        "--method", "mse"),
            "r m -o x --method mse");
  EXPECT_EQ(with_option({"r", "--alpha", "2", "--method", "std", "m"}, "--method", "minmax"),
            "r m --method minmax");
  EXPECT_EQ(
      with_option({"r", "--percentile", "0.9", "--method-for", "x=percentile"}, "--method", "mse"),
      "r --percentile 0.9 --method-for x=percentile --method mse");
  EXPECT_EQ(with_option({"r", "--percentile", "0.9"}, "--effort", "fast"),
            "r --percentile 0.9 --effort fast");
}

TEST(WithOption, QuotesWhatAShellWouldChange) {
  EXPECT_EQ(with_option({"r", "my model.onnx", "it's", "", "layer*"}, "--method", "kl"),
            "r 'my model.onnx' 'it'\\''s' '' 'layer*' --method kl");
}

TEST(WithOption, WithoutACommandTheOptionStandsAlone) {
  EXPECT_EQ(with_option({}, "--effort", "thorough"), "--effort thorough");
}

}  // namespace
}  // namespace rangefinder::report
