#include "base/printable.h"

#include <gtest/gtest.h>

#include <string>

namespace rangefinder {
namespace {

TEST(Printable, LeavesTextAlone) {
  for (const char* text : {"", "conv1/weight:0", "слой", "層 [0] 'x' \"y\" \\ \\x1b", "😀 é"}) {
    EXPECT_EQ(printable(text), text);
  }
}

TEST(Printable, EscapesWhatATerminalObeys) {
  EXPECT_EQ(printable("a\nb\tc\r"), "a\\nb\\tc\\r");
  EXPECT_EQ(printable("\x1b[31mred"), "\\x1b[31mred");
  EXPECT_EQ(printable(std::string("nul\0!", 5)), "nul\\x00!");
  EXPECT_EQ(printable("\x7f"), "\\x7f");
  EXPECT_EQ(printable("\xC2\x9B"
                      "2J"),
            "\\u{009b}2J")
      << "CSI of one character";
}

TEST(Printable, EscapesWhatReordersOrHidesText) {
  EXPECT_EQ(printable("a\u202Eb"), "a\\u{202e}b");
  EXPECT_EQ(printable("\u2066x\u2069"), "\\u{2066}x\\u{2069}");
  EXPECT_EQ(printable("\u200B\u2028\uFEFF"), "\\u{200b}\\u{2028}\\u{feff}");
}

TEST(Printable, EscapesBytesThatAreNoUtf8) {
  EXPECT_EQ(printable("\xFFz"), "\\xffz");
  EXPECT_EQ(printable("\xC0\x80"), "\\xc0\\x80") << "a zero spelled too long";
  EXPECT_EQ(printable("\xE0\x80\x80"), "\\xe0\\x80\\x80");
  EXPECT_EQ(printable("\xED\xA0\x80"), "\\xed\\xa0\\x80") << "half of a surrogate pair";
  EXPECT_EQ(printable("\xF4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80") << "above the last character";
  EXPECT_EQ(printable("\xE2\x82"), "\\xe2\\x82") << "cut";
}

TEST(Printable, TwiceIsAsGoodAsOnce) {
  const std::string once = printable("\x1b\xFF\n\u202E");
  EXPECT_EQ(printable(once), once);
}

}  // namespace
}  // namespace rangefinder
