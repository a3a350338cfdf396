#include "workflow/leave_float.h"

#include <gmock/gmock.h>

#include <random>
#include <set>

#include "engine/packed_model.h"
#include "engine/session.h"
#include "workflow/choose.h"
#include "workflow/fixture.h"
#include "workflow/observe.h"

namespace rangefinder::workflow {
namespace {

using testing::IsEmpty;
using testing::UnorderedElementsAre;

/// Every kind of node that may stand between weights: bounds, sums, constant factors, gates, pools,
/// movers, products of two activations.
test_support::OnnxBuilder everything() {
  test_support::OnnxBuilder b;
  const auto conv = [&](const std::string& x, const std::string& y, int64_t in, int64_t out) {
    b.weights(y + "_w", {out, in, 1, 1}, 0.5f);
    b.weights(y + "_b", {out}, 0.1f);
    b.node("Conv", {x, y + "_w", y + "_b"}, {y});
  };
  b.input("x", {-1, 3, 8, 8});
  conv("x", "c0", 3, 8);
  b.initializer("zero", {}, std::vector<float>{0});
  b.initializer("six", {}, std::vector<float>{6});
  b.initializer("half", {}, std::vector<float>{0.5f});
  b.node("Clip", {"c0", "zero", "six"}, {"r0"});
  b.node("MaxPool", {"r0"}, {"p0"}).ints("kernel_shape", {1, 1});
  conv("p0", "c1", 8, 8);
  b.node("Mul", {"c1", "half"}, {"m1"});
  conv("m1", "c2", 8, 8);
  b.node("HardSigmoid", {"c2"}, {"g2"}).real("alpha", 0.2f).real("beta", 0.5f);
  b.node("Mul", {"c2", "g2"}, {"s2"});
  b.node("Add", {"s2", "p0"}, {"sum"});
  b.node("Relu", {"sum"}, {"r2"});
  b.node("Concat", {"r2", "c1"}, {"both"}).integer("axis", 1);
  b.node("Sigmoid", {"both"}, {"sig"});
  conv("sig", "c3", 16, 8);
  b.node("GlobalAveragePool", {"c3"}, {"mean"});
  b.node("Flatten", {"mean"}, {"flat"});
  b.weights("w4", {8, 4}, 0.4f);
  b.node("Gemm", {"flat", "w4"}, {"g4"});
  b.weights("w5", {4, 4}, 0.4f);
  b.node("MatMul", {"g4", "w5"}, {"m5"});
  b.node("Transpose", {"m5"}, {"t5"}).ints("perm", {1, 0});
  b.node("MatMul", {"g4", "t5"}, {"y"});
  b.output("y", {-1, -1});
  return b;
}

class LeaveFloatTest : public WorkflowTest {
 protected:
  LeaveFloatTest() {
    write_file(model(), everything().bytes());
    full_ = make_plan(model());
    const auto set = split_samples(open_input({samples()}), {.samples = 8});
    statistics_ = observe(full_, *set, full_.observed_with_sums(default_rows(full_)), {});
    solution_ = solve_plan(full_, statistics_, {.method = "mse"});
    correct_biases(full_, statistics_, solution_);
  }

  Candidate without(const std::unordered_set<std::string>& nodes) const {
    Candidate candidate{.plan = leave_float(full_, nodes)};
    candidate.solution = keep_of(solution_, full_, candidate.plan);
    candidate.model = export_candidate(candidate, "");
    return candidate;
  }

  std::vector<std::string> node_names() const {
    std::vector<std::string> names;
    for (const auto& node : full_.prepared.model.graph().node()) names.push_back(node.name());
    return names;
  }

  /// Each node alone, then halves of all.
  std::vector<std::vector<std::string>> node_sets(size_t count) const {
    const auto names = node_names();
    std::mt19937 random(5);
    std::vector<std::vector<std::string>> sets;
    for (const auto& name : names) sets.push_back({name});
    while (sets.size() < count) {
      sets.emplace_back();
      for (const auto& name : names) {
        if (random() % 2 == 0) sets.back().push_back(name);
      }
    }
    return sets;
  }

  /// Bounds that were fused may have made a scale a little smaller.
  void expect_parameters_near_those_of_all(const Candidate& candidate) const {
    for (const auto& tensor : candidate.plan.annotation.tensors) {
      const auto* before = full_.annotation.find(tensor.name);
      ASSERT_NE(before, nullptr) << tensor.name;
      const auto& config = candidate.solution.tensors.at(tensor.root);
      const auto& config_before = solution_.tensors.at(before->root);
      const float scale = tensor.scale(config.scale.at(0));
      EXPECT_NEAR(scale / before->scale(config_before.scale.at(0)), 1, 0.02) << tensor.name;
      EXPECT_EQ(config.offset, config_before.offset) << tensor.name;
    }
  }

  static void expect_names_of_their_own(const engine::ModelSource& model) {
    std::set<std::string> names;
    const onnx::ModelProto proto = engine::parse_model(model);
    for (const auto& node : proto.graph().node()) {
      EXPECT_TRUE(names.insert(node.name()).second) << node.name();
      for (const auto& output : node.output()) {
        if (output.empty()) continue;
        EXPECT_TRUE(names.insert("tensor " + output).second) << output;
      }
    }
  }

  Plan full_;
  statistics::StatisticsFile statistics_;
  SolvedPlan solution_;
};

TEST_F(LeaveFloatTest, NothingChangesNothing) {
  const Candidate all = without({});
  EXPECT_EQ(all.plan.annotation.observed(), full_.annotation.observed());
  Candidate direct{.plan = full_, .solution = solution_};
  EXPECT_EQ(all.model.bytes, export_candidate(direct, "").bytes);
}

TEST_F(LeaveFloatTest, EverythingGivesTheFloatModel) {
  const auto names = node_names();
  const Candidate none = without({names.begin(), names.end()});
  EXPECT_THAT(none.plan.annotation.tensors, IsEmpty());
  EXPECT_THAT(none.solution.weights, IsEmpty());
  const auto proto = engine::parse_model(none.model);
  for (const auto& node : proto.graph().node()) {
    EXPECT_NE(node.op_type(), "QuantizeLinear");
  }
}

TEST_F(LeaveFloatTest, ScalesAndWeightsStayThoseOfTheOneSolution) {
  const Candidate one = without({"Conv_c1"});
  EXPECT_EQ(one.solution.weights.size(), solution_.weights.size() - 1);
  EXPECT_EQ(one.solution.corrections.size(), solution_.corrections.size() - 1);
  for (const auto& [name, config] : one.solution.tensors) {
    const auto* tensor = full_.annotation.find(name);
    ASSERT_NE(tensor, nullptr) << name;
    const auto& root = solution_.tensors.at(tensor->root);
    EXPECT_EQ(config.scale.at(0), tensor->scale(root.scale.at(0))) << name;
    EXPECT_EQ(config.offset, root.offset) << name;
  }
}

/// Any set of nodes: what was observed for all serves it, and ONNX Runtime takes the model.
TEST_F(LeaveFloatTest, AnySetGivesAModelThatRuns) {
  const auto names = node_names();
  const auto sample = open_input({samples()}).list->read(0);
  for (const auto& nodes : node_sets(60)) {
    SCOPED_TRACE(testing::PrintToString(nodes));
    const Candidate candidate = without({nodes.begin(), nodes.end()});
    expect_names_of_their_own(candidate.model);
    engine::Session session(candidate.model);
    EXPECT_EQ(session.run(sample).at("y").shape(), (tensor::Shape{1, 1}));
  }
}

/// The same by --exclude: parameters are solved for the tensors that are left.
TEST_F(LeaveFloatTest, AnyExclusionIsServedByWhatWasObservedWithoutIt) {
  const auto sample = open_input({samples()}).list->read(0);
  for (const auto& nodes : node_sets(60)) {
    SCOPED_TRACE(testing::PrintToString(nodes));
    Candidate candidate{.plan = make_plan(model(), {.exclude = nodes})};
    require_match(candidate.plan, statistics_, "s.rfs");
    candidate.solution = solve_plan(candidate.plan, statistics_, {.method = "mse"});
    candidate.model = export_candidate(candidate, "");
    expect_names_of_their_own(candidate.model);
    engine::Session session(candidate.model);
    EXPECT_EQ(session.run(sample).at("y").shape(), (tensor::Shape{1, 1}));
    expect_parameters_near_those_of_all(candidate);
  }
}

}  // namespace
}  // namespace rangefinder::workflow
