#include "targets/target.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace rangefinder::targets {
namespace {

TEST(Target, UnknownNameListsTheKnownOnes) {
  try {
    find_target("tpu");
    FAIL();
  } catch (const std::invalid_argument& error) {
    EXPECT_THAT(error.what(), testing::AllOf(testing::HasSubstr("'tpu'"),
                                             testing::HasSubstr("ort-cpu, ort-cpu-vnni")));
  }
  EXPECT_THAT([] { find_target("ort-cpu-vni"); },
              testing::ThrowsMessage<std::invalid_argument>(
                  testing::HasSubstr("did you mean 'ort-cpu-vnni'")));
}

TEST(Target, TablesNameEachOperatorOnceAndHoldValidGrids) {
  for (const Target& target : all_targets()) {
    EXPECT_EQ(&find_target(target.name), &target);
    target.activation.check();
    target.weight.check();
    std::set<std::string_view> names;
    for (const OperatorRule& rule : target.rules) {
      EXPECT_TRUE(names.insert(rule.op_type).second) << rule.op_type;
      EXPECT_EQ(target.rule(rule.op_type), &rule);
    }
    EXPECT_TRUE(!target.runs_here || target.rule("ConvTranspose") == nullptr)
        << "ONNX Runtime has no integer kernel";
  }
}

}  // namespace
}  // namespace rangefinder::targets
