#include "cli/value_kind.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rangefinder::cli {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// The kind of an option's value, by its placeholder.
ValueKind kind_of(const std::string& text) {
  CLI::App app;
  std::string value;
  return value_kind(*app.add_option("--option", value)->type_name(text));
}

TEST(ValueKind, FilesByTheirExtensions) {
  EXPECT_EQ(kind_of("FILE"), ValueKind{.files = ValueKind::Files::kFiles});
  EXPECT_EQ(kind_of("PATH"), ValueKind{.files = ValueKind::Files::kFiles});
  EXPECT_EQ(kind_of("DIR"), ValueKind{.files = ValueKind::Files::kFolders});
  const ValueKind both = {.files = ValueKind::Files::kFiles, .extensions = {".json", ".npz"}};
  EXPECT_EQ(kind_of("FILE.json|FILE.npz"), both);
}

TEST(ValueKind, WordsAndNamesThatTheLibraryKnows) {
  EXPECT_THAT(kind_of("nchw|nhwc").words, ElementsAre("nchw", "nhwc"));
  EXPECT_THAT(kind_of("METHOD").words, Contains("percentile"));
  EXPECT_THAT(kind_of("TARGET").words, Contains("ort-cpu"));
  EXPECT_THAT(kind_of("TYPE").words, Contains("cache-quantile"));
  EXPECT_THAT(kind_of("FORMAT").words, Contains("tensorrt-cache"));
  EXPECT_THAT(kind_of("ROUNDING").words, Contains("half-even"));
}

TEST(ValueKind, WhatNoShellCanGuessIsNothing) {
  for (const char* text : {"N", "WxH", "X,...", "NAME=METHOD", "TEXT", ""}) {
    EXPECT_EQ(kind_of(text), ValueKind()) << text;
  }
}

TEST(ValueKind, ChecksOfTheParsersOwnAreUnderstood) {
  CLI::App app;
  std::string value;
  auto* option = app.add_option("--option", value)->check(CLI::IsMember({"e4m3", "e5m2"}));
  EXPECT_EQ(placeholder(*option), "TEXT");
  EXPECT_THAT(value_kind(*option).words, ElementsAre("e4m3", "e5m2"));
}

TEST(ValueKind, ListsAndFlags) {
  CLI::App app;
  std::vector<std::string> list;
  std::string one;
  bool flag = false;
  EXPECT_TRUE(is_list(*app.add_option("--list", list)));
  EXPECT_FALSE(is_list(*app.add_option("--one", one)));
  const auto* none = app.add_flag("--flag", flag);
  EXPECT_FALSE(is_list(*none));
  EXPECT_THAT(placeholder(*none), IsEmpty());
}

/// What an option says of a wrong value.
std::string complaint(CLI::App& app, const std::string& line) {
  try {
    app.parse(line);
  } catch (const CLI::ParseError& error) {
    return error.what();
  }
  return "none";
}

TEST(RequireWord, TellsWhatIsNear) {
  CLI::App app;
  std::string value;
  require_word(*app.add_option("--shell", value), {"bash", "zsh", "fish"});
  EXPECT_EQ(complaint(app, "--shell zsh"), "none");
  const std::string text = complaint(app, "--shell bahs");
  EXPECT_THAT(text, HasSubstr("'bahs' is not one of bash, zsh, fish"));
  EXPECT_THAT(complaint(app, "--shell fisch"), HasSubstr("did you mean 'fish'?"));
}

TEST(ResultOption, StandardOutputIsRefused) {
  CLI::App app;
  std::filesystem::path file;
  add_result_option(app, "-o", file, "", kModelFile);
  EXPECT_EQ(complaint(app, "-o ./-"), "none");
  EXPECT_THAT(complaint(app, "-o -"), HasSubstr("not written to standard output"));
}

}  // namespace
}  // namespace rangefinder::cli
