#include "refine/time_cut.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/onnx_builder.h"
#include "support/quantized_model.h"

namespace rangefinder::refine {
namespace {

using test_support::OnnxBuilder;
using testing::Each;
using testing::ElementsAre;

/// Conv - MaxPool - Conv - Conv.
class TimeCut : public testing::Test {
 protected:
  TimeCut() {
    OnnxBuilder b;
    b.input("x", {1, 4, 8, 8});
    conv(b, "x", "c0");
    b.node("MaxPool", {"c0"}, {"p"}).ints("kernel_shape", {1, 1});
    conv(b, "p", "c1");
    conv(b, "c1", "y");
    b.output("y", {1, 4, 8, 8});
    prepared_ = test_support::prepare(b.model());
    model_ = prepared_.model;
    graph_.emplace(model_);
    const auto& target = targets::find_target("ort-cpu");
    annotation_ = passes::annotate(*graph_, prepared_.infos, target);
    parts_ =
        timed_parts(*graph_, annotation_, target, passes::find_atoms(*graph_, annotation_, target));
    for (auto& part : parts_) part.float_seconds = part.integer_seconds = 1e-3;
  }

  static void conv(OnnxBuilder& b, const std::string& x, const std::string& y) {
    b.weights(y + "_w", {4, 4, 1, 1}, 0.5f);
    b.node("Conv", {x, y + "_w"}, {y});
  }

  std::vector<bool> cut(double border_seconds, const std::vector<bool>& must_be_float = {}) {
    const ElementCounts elements = {{"x", 256}, {"c0", 256}, {"p", 256}, {"c1", 256}, {"y", 256}};
    return cut_by_time(*graph_, annotation_, parts_, elements, border_seconds, must_be_float);
  }

  passes::PreparedModel prepared_;
  onnx::ModelProto model_;
  std::optional<graph::Graph> graph_;
  passes::Annotation annotation_;
  /// Conv_c0, Conv_c1, Conv_y, MaxPool_p.
  std::vector<TimedPart> parts_;
};

TEST_F(TimeCut, MoversArePartsOfTheirOwn) {
  ASSERT_EQ(parts_.size(), 4u);
  EXPECT_THAT(parts_[0].nodes, ElementsAre("Conv_c0"));
  EXPECT_THAT(parts_[3].nodes, ElementsAre("MaxPool_p"));
}

TEST_F(TimeCut, WhatIsSlowerInIntegersIsFloatWhereBordersAreFree) {
  parts_[1].integer_seconds = 2e-3;
  parts_[2].float_seconds = 2e-3;
  EXPECT_THAT(cut(0), ElementsAre(false, true, false, false));
}

TEST_F(TimeCut, ABorderCountsForEachElement) {
  for (auto& part : parts_) part.float_seconds = 1;
  parts_[1].integer_seconds = 1.001;
  // Two borders of 256 elements: 512 of them for a millisecond.
  EXPECT_THAT(cut(0.9e-3 / 512), ElementsAre(false, true, false, false));
  EXPECT_THAT(cut(1.1e-3 / 512), Each(false));
}

TEST_F(TimeCut, WithoutAGainAllIsFloatForTheBordersAtInputAndOutput) {
  EXPECT_THAT(cut(1e-9), Each(true));
}

TEST_F(TimeCut, WhatMustBeFloatIs) {
  for (auto& part : parts_) part.float_seconds = 1;
  EXPECT_THAT(cut(1e-9, {false, false, true}), ElementsAre(false, false, true, false));
}

}  // namespace
}  // namespace rangefinder::refine
