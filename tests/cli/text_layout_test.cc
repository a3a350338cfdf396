#include "cli/text_layout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <sstream>

namespace rangefinder::cli {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

size_t longest_line(const std::string& text) {
  std::istringstream lines(text);
  size_t longest = 0;
  for (std::string line; std::getline(lines, line);) longest = std::max(longest, line.size());
  return longest;
}

TEST(Wrapped, FillsLinesAndKeepsWordsWhole) {
  EXPECT_EQ(wrapped("a bc def g", 2, 8), "  a bc\n  def g\n");
  EXPECT_EQ(wrapped("longerthanaline a", 1, 5), " longerthanaline\n a\n");
  EXPECT_EQ(wrapped("  a   b ", 0, 80), "a b\n");
  EXPECT_EQ(wrapped("", 4, 80), "");
}

TEST(LaidOut, TextsStandRightOfTheLongestTerm) {
  const std::vector<TextRow> rows = {{"-o", "one"}, {"--three", "three words here"}};
  EXPECT_EQ(laid_out(rows, {.columns = 80}), "  -o       one\n  --three  three words here\n");
}

TEST(LaidOut, ALongTermHasALineOfItsOwn) {
  const std::vector<TextRow> rows = {{"-o", "one"}, {std::string(40, 't'), "two"}};
  EXPECT_EQ(laid_out(rows, {.columns = 80}),
            "  -o  one\n  " + std::string(40, 't') + "\n      two\n");
}

TEST(LaidOut, WhereItIsNarrowTextsStandBelow) {
  const std::vector<TextRow> rows = {{"--some-option FILE", "words and more words of the text"}};
  const std::string text = laid_out(rows, {.columns = 40});
  EXPECT_THAT(text, StartsWith("  --some-option FILE\n      words"));
  EXPECT_LE(longest_line(text), 40u);
}

TEST(LaidOut, ATermWithoutATextIsALine) {
  EXPECT_EQ(laid_out({{"term", ""}}, {.columns = 80}), "  term\n");
}

TEST(Heading, IsBoldIfAskedFor) {
  EXPECT_EQ(heading("Options", {}), "Options");
  EXPECT_EQ(heading("Options", {.is_bold = true}), "\x1b[1mOptions\x1b[0m");
}

/// COLUMNS while it lives.
class Columns {
 public:
  explicit Columns(const char* value) { ::setenv("COLUMNS", value, 1); }
  ~Columns() { ::unsetenv("COLUMNS"); }
  Columns(const Columns&) = delete;
  Columns& operator=(const Columns&) = delete;
};

TEST(StyleOfOutput, ColumnsAreThoseThatAreTold) {
  const auto columns = [](const char* value) {
    const Columns told(value);
    return style_of_output().columns;
  };
  EXPECT_EQ(columns("60"), 60u);
  EXPECT_EQ(columns("1000"), 100u) << "longer lines read badly";
  EXPECT_EQ(columns("1"), 20u);
  for (const char* nothing : {"", "0", "wide", "-3", "50x"}) {
    EXPECT_GE(columns(nothing), 20u) << nothing;
  }
}

TEST(StyleOfOutput, NothingIsBoldOffATerminal) {
  testing::internal::CaptureStdout();
  EXPECT_FALSE(style_of_output().is_bold);
  testing::internal::GetCapturedStdout();
}

}  // namespace
}  // namespace rangefinder::cli
