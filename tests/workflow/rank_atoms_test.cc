#include "workflow/rank_atoms.h"

#include <gmock/gmock.h>

#include "analysis/model_error.h"
#include "workflow/choose.h"
#include "workflow/fixture.h"
#include "workflow/judge.h"
#include "workflow/leave_float.h"
#include "workflow/observe.h"

namespace rangefinder::workflow {
namespace {

using testing::ElementsAre;

class RankAtomsTest : public WorkflowTest {
 protected:
  RankAtomsTest() { take(model()); }

  void take(const std::filesystem::path& path) {
    plan_ = make_plan(path);
    set_ = split_samples(open_input({samples()}), {.samples = 8});
    const auto statistics =
        observe(plan_, *set_, plan_.observed_with_sums(default_rows(plan_)), {});
    solution_ = solve_plan(plan_, statistics, {.method = "mse"});
    onnx::ModelProto model = plan_.prepared.model;
    graph::Graph graph(model);
    atoms_ = passes::find_atoms(graph, plan_.annotation, *plan_.target);
  }

  std::vector<double> ranked(int jobs) { return worst_shares(shares(jobs)); }

  std::vector<refine::NoiseShares> shares(int jobs) {
    return noise_of_atoms(plan_, solution_, atoms_, JudgedQuantities(plan_),
                          spread_samples(*set_, 8), {.jobs = jobs});
  }

  /// The noise of a real model in which this atom alone computes in integers.
  double noise_alone(size_t atom) const {
    std::unordered_set<std::string> others;
    for (size_t i = 0; i < atoms_.size(); ++i) {
      if (i != atom) others.insert(atoms_[i].nodes.begin(), atoms_[i].nodes.end());
    }
    Candidate one{.plan = leave_float(plan_, others)};
    one.solution = keep_of(solution_, plan_, one.plan);
    one.model = export_candidate(one, "");
    const auto list = as_list(open_input({samples()}), 8);
    const auto errors = analysis::model_error(model(), one.model, *list).outputs;
    return errors[0].metrics.error_power() / errors[0].metrics.real_power();
  }

  Plan plan_;
  std::unique_ptr<Samples> set_;
  SolvedPlan solution_;
  std::vector<passes::Atom> atoms_;
};

TEST_F(RankAtomsTest, TheNoiseIsThatOfAModelWithOneAtomInIntegers) {
  const auto noise = ranked(2);
  ASSERT_EQ(noise.size(), 3u);
  for (size_t i = 0; i < noise.size(); ++i) {
    const double real = noise_alone(i);
    EXPECT_GT(noise[i], 0.5 * real) << i;
    // Arithmetic of a real model computes on codes only for a reader that wants them.
    if (atoms_[i].nodes.size() > 1) continue;
    EXPECT_LT(noise[i], 2 * real) << i;
  }
}

TEST_F(RankAtomsTest, IsTheSameForAnyNumberOfJobs) { EXPECT_EQ(ranked(1), ranked(3)); }

TEST_F(RankAtomsTest, AnAtomOfOneHeadLeavesTheOtherAlone) {
  auto two_heads = classifier();
  two_heads.weights("w4", {16, 4}, 0.4f);
  two_heads.node("Gemm", {"h", "w4"}, {"z"});
  two_heads.output("z", {-1, 4});
  write_file(file("heads.onnx"), two_heads.bytes());
  take(file("heads.onnx"));
  const auto noise = shares(1);
  ASSERT_EQ(noise.size(), 4u);
  size_t trunk = 0;
  for (size_t i = 0; i < noise.size(); ++i) {
    ASSERT_EQ(noise[i].size(), 2u);
    const bool is_head = atoms_[i].node == "Gemm_y" || atoms_[i].node == "Gemm_z";
    trunk += !is_head;
    const size_t own = atoms_[i].node == "Gemm_z" ? 1 : 0;
    EXPECT_GT(noise[i][own], 0) << atoms_[i].node;
    EXPECT_EQ(noise[i][1 - own] > 0, !is_head) << atoms_[i].node;
  }
  EXPECT_EQ(trunk, 2u);
}

TEST(WorstShares, AreThoseOfTheQuantityThatSuffersMost) {
  EXPECT_THAT(worst_shares(std::vector<refine::NoiseShares>{{1, 3, 2}, {0, 0, 0}, {}}),
              ElementsAre(3, 0, 0));
}

TEST(MostHarmfulFirst, KeepsTheOrderOfEqualOnes) {
  EXPECT_THAT(most_harmful_first(std::vector<double>{1, 3, 2, 3, 0}), ElementsAre(1, 3, 2, 0, 4));
}

}  // namespace
}  // namespace rangefinder::workflow
