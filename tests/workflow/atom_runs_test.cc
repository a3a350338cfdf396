#include "workflow/atom_runs.h"

#include <gmock/gmock.h>

#include "base/error.h"
#include "engine/work_counts.h"
#include "support/quantized_model.h"
#include "workflow/fixture.h"
#include "workflow/observe.h"

namespace rangefinder::workflow {
namespace {

using tensor::NamedTensors;

class AtomRunsTest : public WorkflowTest {
 protected:
  void take(test_support::OnnxBuilder b) {
    write_file(model(), b.bytes());
    plan_ = make_plan(model());
    set_ = split_samples(open_input({samples()}), {.samples = 8});
    solution_ =
        solve_plan(plan_, observe(plan_, *set_, plan_.observed_with_sums(default_rows(plan_)), {}),
                   {.method = "mse"});
    onnx::ModelProto model = plan_.prepared.model;
    graph::Graph graph(model);
    atoms_ = passes::find_atoms(graph, plan_.annotation, *plan_.target);
  }

  struct Found {
    NamedTensors real;
    NamedTensors found;
  };

  /// By atom, of the first sample.
  std::map<size_t, Found> run(const std::vector<std::string>& tensors, size_t most_stretches) {
    AtomRuns runs(plan_, solution_, atoms_, tensors, most_stretches);
    std::map<size_t, Found> all;
    const auto sample = set_->calibration()();
    runs.run(*sample, [&](size_t atom, const NamedTensors& real, const NamedTensors& found) {
      EXPECT_FALSE(all.contains(atom));
      all[atom] = {real, found};
    });
    EXPECT_EQ(all.size(), atoms_.size());
    return all;
  }

  /// The classifier with a second head, and a branch of each that joins the other.
  static test_support::OnnxBuilder two_heads() {
    auto b = classifier();
    b.weights("w4", {16, 5}, 0.3f);
    b.node("Gemm", {"h", "w4"}, {"k"});
    b.weights("w5", {5, 5}, 0.4f);
    b.node("Gemm", {"k", "w5"}, {"m"});
    b.node("Add", {"m", "k"}, {"z"});
    b.output("z", {-1, 5});
    return b;
  }

  Plan plan_;
  std::unique_ptr<Samples> set_;
  SolvedPlan solution_;
  std::vector<passes::Atom> atoms_;
};

/// Whole, every atom is run through all nodes, and all of them have switches.
TEST_F(AtomRunsTest, AreThoseOfTheWholeModelWhereverItIsCut) {
  take(two_heads());
  const std::vector<std::string> tensors = {"y", "z"};
  const auto whole = run(tensors, 1);
  for (const size_t most : {2, 3, 24}) {
    const auto cut = run(tensors, most);
    for (const auto& [atom, expected] : whole) {
      for (const auto& name : tensors) {
        EXPECT_GT(test_support::sqnr_db(expected.real.at(name), cut.at(atom).real.at(name)), 110);
        const auto& real = expected.real.at(name);
        const auto& found = expected.found.at(name);
        if (real == found) {
          EXPECT_EQ(cut.at(atom).real.at(name), cut.at(atom).found.at(name)) << atom << name;
          continue;
        }
        const double noise_db = test_support::sqnr_db(real, found);
        EXPECT_GT(test_support::sqnr_db(found, cut.at(atom).found.at(name)), noise_db + 15)
            << most << " stretches, atom " << atom << ", " << name;
      }
    }
  }
}

TEST_F(AtomRunsTest, WhatAnAtomDoesNotReachIsTheSameBitForBit) {
  take(two_heads());
  const auto all = run({"y", "z"}, 24);
  size_t unreached = 0;
  for (const auto& [atom, outputs] : all) {
    const bool is_y = atoms_[atom].node == "Gemm_y";
    const bool is_z = atoms_[atom].node == "Gemm_k" || atoms_[atom].node == "Gemm_m";
    EXPECT_EQ(outputs.real.at("y") == outputs.found.at("y"), is_z) << atoms_[atom].node;
    EXPECT_EQ(outputs.real.at("z") == outputs.found.at("z"), is_y) << atoms_[atom].node;
    unreached += is_y || is_z;
  }
  EXPECT_EQ(unreached, 3u);
}

TEST_F(AtomRunsTest, AnAtomThatNothingAskedForNeedsChangesNothing) {
  take(two_heads());
  for (const auto& [atom, outputs] : run({"y"}, 24)) {
    const bool is_z = atoms_[atom].node == "Gemm_k" || atoms_[atom].node == "Gemm_m";
    EXPECT_EQ(outputs.real == outputs.found, is_z) << atoms_[atom].node;
  }
}

TEST_F(AtomRunsTest, OpensTwoSessionsForEachStretchAndNoneForASample) {
  take(two_heads());
  const auto before = engine::work_counts().sessions;
  AtomRuns runs(plan_, solution_, atoms_, std::vector<std::string>{"y", "z"}, 3);
  EXPECT_EQ(engine::work_counts().sessions, before + 6);
  auto feed = set_->calibration();
  while (const auto sample = feed()) runs.run(*sample, [](size_t, const auto&, const auto&) {});
  EXPECT_EQ(engine::work_counts().sessions, before + 6);
}

TEST_F(AtomRunsTest, ASampleThatDoesNotFitIsRefusedByItsName) {
  take(classifier());
  AtomRuns runs(plan_, solution_, atoms_, std::vector<std::string>{"y"});
  const engine::PendingSample bad{
      "bad.npz", [](const data::HeaderCheck&) {
        return NamedTensors{{"other", tensor::Tensor::from_floats({1}, std::vector<float>{1})}};
      }};
  try {
    runs.run(bad, [](size_t, const auto&, const auto&) {});
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("bad.npz"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace rangefinder::workflow
