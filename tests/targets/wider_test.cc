#include "targets/wider.h"

#include <gtest/gtest.h>

namespace rangefinder::targets {
namespace {

TEST(WiderTarget, QnnHasOneAndMostHaveNone) {
  EXPECT_EQ(wider_target(find_target("qnn")), &find_target("qnn-16"));
  EXPECT_EQ(wider_target(find_target("qnn-16")), nullptr);
  EXPECT_EQ(wider_target(find_target("ort-cpu")), nullptr);
  EXPECT_EQ(wider_target(find_target("tensorrt")), nullptr);
}

/// Nodes of both stand in one model, so that but for the width they must be written alike.
TEST(WiderTarget, DiffersInTheWidthOfActivationsAlone) {
  for (const Target& target : all_targets()) {
    const Target* wider = wider_target(target);
    if (wider == nullptr) continue;
    SCOPED_TRACE(target.name);
    EXPECT_GT(wider->activation.level_count(), target.activation.level_count());
    EXPECT_EQ(target.placement, Placement::kAround) << "what passes::widen_codes() knows";
    EXPECT_EQ(wider->placement, target.placement);
    EXPECT_EQ(wider->weight, target.weight);
    EXPECT_EQ(wider->weight_form, target.weight_form);
    EXPECT_EQ(wider->bias_form, target.bias_form);
    EXPECT_EQ(wider->channel_scales, target.channel_scales);
    EXPECT_EQ(wider->takes_microsoft, target.takes_microsoft);
    EXPECT_EQ(wider->rules.size(), target.rules.size());
    for (const OperatorRule& rule : target.rules) {
      ASSERT_NE(wider->rule(rule.op_type), nullptr) << rule.op_type;
      EXPECT_EQ(wider->rule(rule.op_type)->role, rule.role) << rule.op_type;
      EXPECT_NE(rule.role, Role::kJoin) << "joined tensors would need one width";
    }
  }
}

TEST(ActivationGrid, IsTheWiderOneOfTensorsThatSaySo) {
  const Target& qnn = find_target("qnn");
  EXPECT_EQ(activation_bits(qnn), 8);
  EXPECT_EQ(activation_bits(find_target("qnn-16")), 16);
  EXPECT_EQ(&activation_grid(qnn, 16), &find_target("qnn-16").activation);
  EXPECT_EQ(&activation_grid(qnn, 8), &qnn.activation);
  EXPECT_EQ(&activation_grid(qnn, {}), &qnn.activation);
  EXPECT_EQ(&activation_grid(find_target("ort-cpu"), 16), &find_target("ort-cpu").activation);
}

}  // namespace
}  // namespace rangefinder::targets
