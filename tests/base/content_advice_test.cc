#include "base/content_advice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/folder_fixture.h"

namespace rangefinder {
namespace {

using testing::HasSubstr;

TEST(ContentAdvice, TellsWhatPeopleDownloadInstead) {
  EXPECT_THAT(content_advice("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\n"),
              HasSubstr("'git lfs pull'"));
  for (const char* page : {"<!DOCTYPE html><html>", "\n\n  <!doctype HTML>", "<html lang='en'>"}) {
    EXPECT_THAT(content_advice(page), HasSubstr("a web page")) << page;
  }
  EXPECT_THAT(content_advice("\x1f\x8b\x08"), HasSubstr("gzip: unpack it first"));
  EXPECT_THAT(content_advice("PK\x03\x04"), HasSubstr("zip archive"));
}

TEST(ContentAdvice, SaysNothingOfWhatItDoesNotKnow) {
  for (const char* text : {"", " ", "<", "\x08\x07\x12", "version 3", "PK", "\xff\xfe"}) {
    EXPECT_EQ(content_advice(text), "") << text;
  }
}

using HeadOf = FolderTest;

TEST_F(HeadOf, IsTheBeginningOfAFile) {
  write_file(file("a"), "abcdef");
  EXPECT_EQ(head_of(file("a"), 3), "abc");
  EXPECT_EQ(head_of(file("a"), 100), "abcdef");
  EXPECT_EQ(head_of(file("none"), 3), "");
  EXPECT_EQ(head_of(file("."), 3), "");
}

}  // namespace
}  // namespace rangefinder
