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

using testing::Each;
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

/// Samples of all atoms and more samples of all atoms are one measurement.
TEST_F(RankAtomsTest, MoreSamplesOfAllAtomsAreAsIfMeasuredTogether) {
  const JudgedQuantities judged(plan_);
  const auto list = as_list(open_input({samples()}), 8);
  const auto part = [&](size_t begin, size_t end) {
    std::vector<size_t> indices;
    for (size_t i = begin; i < end; ++i) indices.push_back(i);
    const auto source = data::select_samples(list, indices);
    return CountedFeed{[source, feed = engine::feed_from(*source)] { return feed(); }, end - begin};
  };
  AtomNoise whole(plan_, solution_, atoms_, judged, {});
  whole.measure(part(0, 8));
  AtomNoise parts(plan_, solution_, atoms_, judged, {});
  parts.measure(part(0, 2));
  parts.measure_more(part(2, 8), std::vector<bool>(atoms_.size(), true));
  for (size_t i = 0; i < atoms_.size(); ++i) {
    EXPECT_NEAR(parts.shares()[i][0], whole.shares()[i][0], 1e-12 * whole.shares()[i][0]);
  }
  // One atom alone: the others are taken to change as it does.
  AtomNoise some(plan_, solution_, atoms_, judged, {});
  some.measure(part(0, 2));
  const auto first = some.shares();
  some.measure_more(part(2, 8), {false, true, false});
  const double ratio = whole.shares()[1][0] / first[1][0];
  EXPECT_NE(ratio, 1);
  EXPECT_NEAR(some.shares()[1][0], whole.shares()[1][0], 1e-12 * whole.shares()[1][0]);
  EXPECT_NEAR(some.shares()[0][0], first[0][0] * ratio, 1e-9 * first[0][0]);
  EXPECT_NEAR(some.shares()[2][0], first[2][0] * ratio, 1e-9 * first[2][0]);
}

TEST(NearTheBar, AreThoseThatMayChangeSides) {
  const std::vector<size_t> order = {6, 5, 4, 3, 2, 1, 0};
  const std::vector<double> even = {1, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6};
  EXPECT_THAT(near_the_bar(order, 2, even),
              ElementsAre(false, false, true, true, true, true, false));
  EXPECT_THAT(near_the_bar(order, 4, even), ElementsAre(true, true, true, true, true, false, false))
      << "two, which are always float, and none that is always in integers";
  // Between the second and the third lies a gap; the fifth and sixth are nearer to the third.
  const std::vector<double> gap = {0.1, 0.2, 2.4, 2.5, 2.6, 11, 50};
  EXPECT_THAT(near_the_bar(order, 2, gap), Each(false));
  EXPECT_THAT(near_the_bar(order, 3, gap),
              ElementsAre(false, false, true, true, true, false, false));
  EXPECT_THAT(near_the_bar(order, 0, even), Each(false));
  EXPECT_THAT(near_the_bar(order, 7, even), Each(false));
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
