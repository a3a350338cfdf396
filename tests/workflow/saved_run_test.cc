#include "workflow/saved_run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "statistics/statistics_file.h"

namespace rangefinder::workflow {
namespace {

using testing::HasSubstr;

SavedRun example() {
  return {.run = {{"model", "a"}, {"data", std::string("b\0c", 3)}},
          .done = statistics::SampleSet::of({0, 1, 2, 7}),
          .passed = "0123",
          .gathered = std::string(1000, 'x')};
}

std::string failure_of(std::string_view bytes) {
  try {
    parse_saved_run(bytes, "run.ckpt");
  } catch (const Error& error) {
    return error.what();
  }
  return "none";
}

TEST(SavedRun, ComesBackAsItWas) {
  EXPECT_EQ(parse_saved_run(serialize(example()), "run.ckpt"), example());
  EXPECT_EQ(parse_saved_run(serialize(SavedRun()), "run.ckpt"), SavedRun());
}

TEST(SavedRun, AnotherKindOfFileIsNamed) {
  EXPECT_EQ(failure_of("some notes"), "run.ckpt: is not a checkpoint file");
  EXPECT_EQ(failure_of(statistics::serialize(statistics::StatisticsFile())),
            "run.ckpt: is not a checkpoint file");
  EXPECT_EQ(failure_of(""), "run.ckpt: is empty or truncated: no checkpoint");
}

TEST(SavedRun, EveryCutAndEveryFlippedBitIsNoticed) {
  const std::string good = serialize(example());
  for (size_t size = 0; size < good.size(); ++size) {
    EXPECT_THAT(failure_of(good.substr(0, size)), HasSubstr("truncated")) << size;
  }
  for (size_t bit = 0; bit < good.size() * 8; bit += 7) {
    std::string bad = good;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_THAT(failure_of(bad), HasSubstr("run.ckpt")) << bit;
  }
}

}  // namespace
}  // namespace rangefinder::workflow
