#include "statistics/envelope.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/error.h"

namespace rangefinder::statistics {
namespace {

constexpr EnvelopeKind kKind{
    .magic = "\x89TST\r\n\x1a\n", .called = "a test file", .content = "tests", .newest_format = 2};

std::string failure_of(std::string_view bytes) {
  try {
    unwrap(kKind, bytes, "a.tst");
  } catch (const Error& error) {
    return error.what();
  }
  return "none";
}

TEST(Envelope, GivesBackWhatWasPutIn) {
  for (const std::string content : {"", "x", "some content"}) {
    for (const uint32_t format : {1u, 2u}) {
      const std::string bytes = wrap(kKind, format, content);
      const auto [found, inner] = unwrap(kKind, bytes, "a.tst");
      EXPECT_EQ(found, format);
      EXPECT_EQ(inner, content);
    }
  }
}

TEST(Envelope, SaysWhatIsWrong) {
  const std::string good = wrap(kKind, 1, "content");
  EXPECT_EQ(failure_of(good), "none");
  EXPECT_EQ(failure_of(""), "a.tst: is empty or truncated: no tests");
  EXPECT_EQ(failure_of("other bytes"), "a.tst: is not a test file");
  EXPECT_EQ(failure_of(wrap(kKind, 3, "")), "a.tst: is a test file of format 3, allowed is 1 to 2");
  EXPECT_EQ(failure_of(wrap(kKind, 0, "")), "a.tst: is a test file of format 0, allowed is 1 to 2");
  EXPECT_EQ(failure_of(good.substr(0, 30)), "a.tst: is truncated: 30 bytes, its head says 35");
  EXPECT_EQ(failure_of(good + "x"),
            "a.tst: is longer than it was written: 36 bytes, its head says 35");
  std::string bad = good;
  bad[21] = 'X';
  EXPECT_EQ(failure_of(bad), "a.tst: is damaged: its checksum does not fit");
}

}  // namespace
}  // namespace rangefinder::statistics
