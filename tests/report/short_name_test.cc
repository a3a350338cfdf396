#include "report/short_name.h"

#include <gtest/gtest.h>

namespace rangefinder::report {
namespace {

TEST(ShortName, ThatFitsStays) {
  EXPECT_EQ(short_name("", 3), "");
  EXPECT_EQ(short_name("block/conv", 10), "block/conv");
}

TEST(ShortName, OfALongOneIsItsEnd) {
  EXPECT_EQ(short_name("model/block/conv", 10), "...ck/conv");
  EXPECT_EQ(short_name("model", 3), "...");
}

TEST(ShortName, IsNotCutWithinACharacter) {
  // The cut would fall between the two bytes of the first.
  EXPECT_EQ(short_name("aaa\u00e4\u00e4", 6), "...\u00e4");
}

TEST(ShortName, IsPrintableBeforeItIsCut) { EXPECT_EQ(short_name("a\nb", 10), "a\\nb"); }

}  // namespace
}  // namespace rangefinder::report
