#include "report/page_against.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "report/page_examples.h"

namespace rangefinder::report {
namespace {

using testing::AllOf;
using testing::HasSubstr;

std::string section(const nlohmann::ordered_json& now, const nlohmann::ordered_json& before) {
  const Fields a(now);
  const Fields b(before);
  return changes_section(a, b, tensors_of(a), tensors_of(b), "new.json", "old.json");
}

TEST(ChangesSection, TellsVerdictNodesAndRanges) {
  const auto now = to_json(example_summary(example_names(6)));
  auto before = now;
  before["verdict"]["level"] = "poor";
  before["method"] = "minmax";
  before["float_nodes"] = {{{"name", "gone/Conv"}, {"op_type", "Conv"}, {"reason", "user"}}};
  before["tensors"][4]["range"] = {-100, 100};
  EXPECT_THAT(section(now, before),
              AllOf(HasSubstr("old.json"), HasSubstr("<td>poor</td>"), HasSubstr("minmax"),
                    HasSubstr("backbone/stage/conv_3/Conv"), HasSubstr("gone/Conv"),
                    HasSubstr("[-100, 100]"), HasSubstr("1 of 1")));
}

TEST(ChangesSection, OfEqualRunsSaysThatNothingChanged) {
  const auto run = to_json(example_summary(example_names(6)));
  EXPECT_THAT(section(run, run), AllOf(HasSubstr("The same nodes are float in both."),
                                       HasSubstr("No range changed by more than one percent.")));
}

}  // namespace
}  // namespace rangefinder::report
