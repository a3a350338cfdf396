#include "base/error.h"

#include <gtest/gtest.h>

namespace rangefinder {
namespace {

TEST(Error, NamesThePlaceBeforeTheMessage) {
  const Error error("found int8, float32 is allowed",
                    {.file = "m.onnx", .node = "conv1", .tensor = "x"});
  EXPECT_STREQ(error.what(), "m.onnx: node 'conv1': tensor 'x': found int8, float32 is allowed");
  EXPECT_EQ(error.place().node, "conv1");
}

TEST(Error, LeavesOutWhatIsNotKnown) {
  EXPECT_STREQ(Error("no samples").what(), "no samples");
  EXPECT_STREQ(Error("empty", {.file = "a.npy"}).what(), "a.npy: empty");
}

}  // namespace
}  // namespace rangefinder
