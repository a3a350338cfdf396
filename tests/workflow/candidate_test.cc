#include "workflow/candidate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "workflow/fixture.h"
#include "workflow/observe.h"

namespace rangefinder::workflow {
namespace {

using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

class CandidateTest : public WorkflowTest {
 protected:
  Candidate integers() const {
    const Plan plan = make_plan(model());
    const auto seen = split_samples(open_input({samples()}), {.samples = 8});
    const auto statistics = observe(plan, *seen, plan.observed(default_rows(plan)), {});
    Candidate made{.plan = plan, .solution = solve_plan(plan, statistics, {.method = "mse"})};
    made.model = export_candidate(made, "");
    return made;
  }
};

TEST_F(CandidateTest, ExportsTheSameModelEachTime) {
  const Candidate made = integers();
  EXPECT_THAT(made.model.bytes, Not(IsEmpty()));
  EXPECT_EQ(export_candidate(made, "").bytes, made.model.bytes);
}

TEST_F(CandidateTest, WithNodesInFloatHoldsNoCodesOfTheirs) {
  const Candidate all = integers();
  const std::string node = all.plan.annotation.weighted.front().name;
  const Candidate fewer = candidate_with(all, {node}, "");
  EXPECT_THAT(fewer.plan.annotation.weighted, SizeIs(all.plan.annotation.weighted.size() - 1));
  EXPECT_THAT(fewer.solution.weights, SizeIs(all.solution.weights.size() - 1));
  EXPECT_NE(fewer.model.bytes, all.model.bytes);
  EXPECT_EQ(candidate_with(all, {}, "").model.bytes, all.model.bytes);
}

}  // namespace
}  // namespace rangefinder::workflow
