#include "base/fingerprint.h"

#include <gtest/gtest.h>

namespace rangefinder {
namespace {

TEST(Fingerprint, IsFnv1a) {
  EXPECT_EQ(Fingerprint().text(), "cbf29ce484222325");
  Fingerprint fingerprint;
  fingerprint.add_number('a');  // eight bytes: 61 and seven zeros
  uint64_t expected = 0xcbf29ce484222325u;
  for (const uint64_t byte : {0x61, 0, 0, 0, 0, 0, 0, 0})
    expected = (expected ^ byte) * 0x100000001b3u;
  EXPECT_EQ(fingerprint.value(), expected);
}

TEST(Fingerprint, TellsTextsFromTheirConcatenation) {
  Fingerprint two;
  two.add("a");
  two.add("b");
  Fingerprint one;
  one.add("ab");
  EXPECT_NE(two.value(), one.value());
  Fingerprint again;
  again.add("ab");
  EXPECT_EQ(again.text(), one.text());
}

}  // namespace
}  // namespace rangefinder
