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

TEST(Error, TakesTheFileThatOthersKnow) {
  const Error inner("shows NaN", {.node = "conv", .tensor = "x"});
  const Error outer = inner.within({.file = "a.npy"});
  EXPECT_STREQ(outer.what(), "a.npy: node 'conv': tensor 'x': shows NaN");
  EXPECT_EQ(outer.place().file, "a.npy");
  EXPECT_EQ(outer.place().node, "conv");
  EXPECT_EQ(outer.place().tensor, "x");
  EXPECT_STREQ(outer.within({.file = "b.npy"}).what(), outer.what()) << "the first file counts";
  EXPECT_STREQ(outer.within({.tensor = "y"}).what(), outer.what()) << "and the first tensor";
  const Error named = Error("is cut", {.file = "a.npy"}).within({.tensor = "x"});
  EXPECT_STREQ(named.what(), "tensor 'x': a.npy: is cut");
  EXPECT_EQ(named.place().file, "a.npy");
}

TEST(Error, ShowsForeignNamesSafely) {
  const Error error("other '\x1b[2J'", {.file = "a\nb", .node = "n\x1b", .tensor = "\xFF"});
  EXPECT_STREQ(error.what(), "a\\nb: node 'n\\x1b': tensor '\\xff': other '\\x1b[2J'");
  EXPECT_EQ(error.place().tensor, "\xFF") << "as it is in the model";
  EXPECT_STREQ(error.within({.file = "c"}).what(), error.what()) << "escaped once";
}

TEST(Error, ShortensNamesOfAnyLength) {
  const Error error("is empty", {.tensor = std::string(1000000, 'x')});
  EXPECT_LT(std::string(error.what()).size(), 300u);
  EXPECT_EQ(error.place().tensor.size(), 1000000u);
}

}  // namespace
}  // namespace rangefinder
