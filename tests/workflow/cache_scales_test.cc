#include "workflow/cache_scales.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "passes/tensor_infos.h"
#include "support/onnx_builder.h"

namespace rangefinder::workflow {
namespace {

using test_support::OnnxBuilder;
using testing::ElementsAre;
using testing::IsEmpty;

/// A model with what the target `tensorrt` makes codes of, and a cache of single lines.
struct Told {
  onnx::ModelProto model;
  exporters::CalibrationCache cache = {};
  passes::Annotation annotation = {};

  Told(OnnxBuilder b, const std::vector<std::pair<std::string, float>>& lines) : model(b.model()) {
    for (const auto& [name, scale] : lines) cache.entries.push_back({name, scale, 0});
    graph::Graph graph(model);
    annotation = passes::annotate(graph, passes::infer_tensors(model, ""),
                                  targets::find_target("tensorrt"), {});
  }

  CacheScales scales() { return CacheScales(cache, model); }

  std::vector<std::string> untold() {
    std::vector<std::string> texts;
    for (const auto& read : scales().untold(annotation)) {
      std::string text = read.node + ":";
      for (const auto& tensor : read.tensors) text += " " + tensor;
      texts.push_back(text);
    }
    return texts;
  }

  std::vector<std::string> rows() {
    std::vector<std::string> texts;
    for (const auto& row : scales().rows(annotation)) {
      texts.push_back(row.name + " " + std::to_string(static_cast<int>(row.scale)) + " " +
                      row.origin + " " + row.cache_name);
    }
    return texts;
  }
};

void conv(OnnxBuilder& b, const std::string& x, const std::string& y, int64_t in = 4,
          int64_t out = 4) {
  b.weights(y + "_w", {out, in, 1, 1}, 0.5f);
  b.node("Conv", {x, y + "_w"}, {y});
}

/// x -> Conv a -> MaxPool p -> Conv y
OnnxBuilder pooled() {
  OnnxBuilder b;
  b.input("x", {1, 4, 8, 8});
  conv(b, "x", "a");
  b.node("MaxPool", {"a"}, {"p"}).ints("kernel_shape", {2, 2});
  conv(b, "p", "y");
  b.output("y", {1, 4, 7, 7});
  return b;
}

TEST(CacheScales, TheLineOfWhatIsMovedServesWhatItBecomes) {
  Told told(pooled(), {{"x", 2}, {"a", 3}});
  EXPECT_THAT(told.untold(), IsEmpty());
  EXPECT_THAT(told.rows(), ElementsAre("x 2 cache x", "a 3 cache a", "p 3 input a"));
}

TEST(CacheScales, OfATensorThatIsToldOnlyWhereItWasMovedThatLineCounts) {
  Told told(pooled(), {{"x", 2}, {"p", 3}});
  EXPECT_THAT(told.untold(), IsEmpty());
  EXPECT_THAT(told.rows(), ElementsAre("x 2 cache x", "a 3 shared p", "p 3 cache p"));
}

TEST(CacheScales, TheFirstLineCountsWhereBothAreTold) {
  Told told(pooled(), {{"x", 2}, {"a", 3}, {"p", 4}});
  EXPECT_THAT(told.rows(), ElementsAre("x 2 cache x", "a 3 cache a", "p 3 input a"));
}

TEST(CacheScales, WhatNoLineTellsOfIsNamedWithItsReader) {
  EXPECT_THAT(Told(pooled(), {{"x", 2}}).untold(), ElementsAre("Conv_y: a"));
  EXPECT_THAT(Told(pooled(), {{"x", 0}, {"a", 1e-42f}}).untold(),
              ElementsAre("Conv_a: x", "Conv_y: a"))
      << "no scale is zero or denormal";
}

TEST(CacheScales, CalibratedScalesStandBesideThoseOfLines) {
  Told told(pooled(), {{"x", 2}});
  CacheScales scales = told.scales();
  scales.add_calibrated("a", 5);
  EXPECT_THAT(scales.untold(told.annotation), IsEmpty());
  const auto rows = scales.rows(told.annotation);
  EXPECT_EQ(rows[1].origin, "calibrated");
  EXPECT_EQ(rows[2].scale, 5);
  EXPECT_EQ(rows[2].cache_name, "");
}

/// Two convolutions of x, joined; who reads `a` alone sees it cut as the join is.
OnnxBuilder joined() {
  OnnxBuilder b;
  b.input("x", {1, 4, 8, 8});
  conv(b, "x", "a");
  conv(b, "x", "c");
  b.node("Concat", {"a", "c"}, {"j"}).integer("axis", 1);
  conv(b, "j", "y", 8, 4);
  b.output("y", {1, 4, 8, 8});
  return b;
}

TEST(CacheScales, WhatIsJoinedHasTheLargestScale) {
  Told told(joined(), {{"x", 2}, {"a", 3}, {"c", 4}});
  EXPECT_THAT(told.untold(), IsEmpty());
  EXPECT_THAT(told.rows(),
              ElementsAre("x 2 cache x", "a 4 shared c", "c 4 cache c", "j 4 shared c"));
}

TEST(CacheScales, AJoinsOwnLineIsEnough) {
  Told told(joined(), {{"x", 2}, {"a", 3}, {"j", 5}});
  EXPECT_THAT(told.untold(), IsEmpty());
  EXPECT_THAT(told.rows(),
              ElementsAre("x 2 cache x", "a 5 shared j", "c 5 shared j", "j 5 cache j"));
}

TEST(CacheScales, AJoinIsNotToldOfBeforeAllItsInputsAre) {
  EXPECT_THAT(Told(joined(), {{"x", 2}, {"a", 3}}).untold(), ElementsAre("Conv_y: c"));
  EXPECT_THAT(Told(joined(), {{"x", 2}}).untold(), ElementsAre("Conv_y: a c"));
}

/// A chain of joins of a tensor with itself has more ways through it than could be walked one by
/// one.
TEST(CacheScales, ManyWaysThroughJoinsAreWalkedOnce) {
  OnnxBuilder b;
  b.input("x", {1, 1, 2, 2});
  b.node("Sigmoid", {"x"}, {"j0"});
  int64_t channels = 1;
  for (int i = 0; i < 12; ++i, channels *= 2) {
    const std::string from = "j" + std::to_string(i);
    b.node("Concat", {from, from}, {"j" + std::to_string(i + 1)}).integer("axis", 1);
  }
  conv(b, "j12", "y", channels, 1);
  b.output("y", {1, 1, 2, 2});
  EXPECT_THAT(Told(b, {{"x", 1}}).untold(), ElementsAre("Conv_y: j0"));
}

TEST(CacheScales, KnowsWhatIsInTheModel) {
  Told told(pooled(), {});
  EXPECT_TRUE(told.scales().is_in_model("x"));
  EXPECT_TRUE(told.scales().is_in_model("p"));
  EXPECT_FALSE(told.scales().is_in_model("y_w"));
  EXPECT_FALSE(told.scales().is_in_model("nothing"));
}

}  // namespace
}  // namespace rangefinder::workflow
