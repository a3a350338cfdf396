#include "workflow/widen.h"

#include <gmock/gmock.h>

#include <map>
#include <stdexcept>

#include "base/error.h"
#include "engine/packed_model.h"
#include "engine/session.h"
#include "exporters/tables/read_qdq.h"
#include "targets/wider.h"
#include "workflow/choose.h"
#include "workflow/fixture.h"
#include "workflow/leave_float.h"
#include "workflow/observe.h"
#include "workflow/reference.h"

namespace rangefinder::workflow {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class WidenTest : public WorkflowTest {
 protected:
  WidenTest() {
    write_file(model(), with_sum().bytes());
    options_.target = &targets::find_target("qnn");
    full_ = make_plan(model(), options_);
    samples_ = split_samples(open_input({samples()}), {.samples = 8});
    statistics_ = observe(*full_, *samples_, full_->observed_with_sums(default_rows(*full_)), {});
    solution_ = solve_plan(*full_, statistics_, {.method = "mse"});
    correct_biases(*full_, statistics_, solution_);
  }

  /// Two branches, a constant beside codes, a prescribed output in 16 bits.
  static test_support::OnnxBuilder with_sum() {
    test_support::OnnxBuilder b;
    b.input("x", {-1, 3, 8, 8});
    b.weights("w1", {4, 3, 3, 3}, 0.3f);
    b.weights("b1", {4}, 0.1f);
    b.weights("w2", {4, 4, 1, 1}, 0.4f);
    b.weights("shift", {4, 1, 1}, 0.4f);
    b.weights("w3", {4, 5}, 0.4f);
    b.node("Conv", {"x", "w1", "b1"}, {"c"}).ints("pads", {1, 1, 1, 1});
    b.node("Relu", {"c"}, {"r"});
    b.node("Conv", {"r", "w2"}, {"d"});
    b.node("Sigmoid", {"d"}, {"g"});
    b.node("Sub", {"g", "shift"}, {"e"});
    b.node("Mul", {"e", "r"}, {"m"});
    b.node("GlobalAveragePool", {"m"}, {"mean"});
    b.node("Flatten", {"mean"}, {"flat"});
    b.node("Gemm", {"flat", "w3"}, {"y"});
    b.output("y", {-1, 5});
    return b;
  }

  WideSolution wide() const {
    return solve_wide(*full_, options_, solution_, statistics_, {.method = "mse"}, {},
                      Effort::kNormal);
  }

  Candidate mixed(const std::unordered_set<std::string>& wide_nodes) const {
    Candidate made{.plan = *full_};
    Mixture mixture = mix(*full_, solution_, wide().solution, wide_nodes);
    made.solution = std::move(mixture.solution);
    made.mixed = std::move(mixture.codes);
    made.model = export_candidate(made, "");
    return made;
  }

  std::unordered_set<std::string> all_nodes() const {
    std::unordered_set<std::string> names;
    for (const auto& node : full_->prepared.model.graph().node()) names.insert(node.name());
    return names;
  }

  std::vector<float> output_of(const engine::ModelSource& quantized) const {
    const auto sample = samples_->held_out()->read(0);
    const auto outputs = open_plain(quantized).run(sample, "a sample");
    const auto values = outputs.at("y").floats();
    return {values.begin(), values.end()};
  }

  PlanOptions options_;
  std::optional<Plan> full_;
  std::unique_ptr<Samples> samples_;
  statistics::StatisticsFile statistics_;
  SolvedPlan solution_;
};

/// The mix of one width alone is that model: what a reader would take for proof that nothing else
/// was changed.
TEST_F(WidenTest, OfAllNodesComputesWhatTheWiderTargetDoes) {
  const WideSolution all = wide();
  Candidate whole{.plan = all.plan, .solution = all.solution};
  const auto model = export_candidate(whole, "");
  EXPECT_EQ(output_of(mixed(all_nodes()).model), output_of(model));
}

TEST_F(WidenTest, OfNoNodesComputesWhatTheTargetDoes) {
  Candidate whole{.plan = *full_, .solution = solution_};
  EXPECT_EQ(output_of(mixed({}).model), output_of(export_candidate(whole, "")));
}

TEST_F(WidenTest, TensorsHaveTheWidthAndTheNumbersOfTheirMaker) {
  const auto other = wide();
  const Candidate made = mixed({"Conv_d", "Sigmoid_g", "Sub_e"});
  for (const auto& row : made.solution.rows) {
    SCOPED_TRACE(row.name);
    const bool is_wide = row.name == "d" || row.name == "e" || row.name == "g";
    EXPECT_EQ(row.figures.at("bits"), is_wide ? 16 : 8);
    const auto& of = is_wide ? other.solution : solution_;
    EXPECT_EQ(row.scale, of.tensors.at(full_->annotation.find(row.name)->root).scale[0]);
    EXPECT_EQ(&grid_of(*full_->target, row),
              is_wide ? &other.plan.target->activation : &full_->target->activation);
  }
  EXPECT_EQ(made.solution.tensors.at("g").scale[0], 1.0f / 65536) << "as QNN prescribes";
}

TEST_F(WidenTest, ABiasHasTheScaleOfTheInputAsTheNodeReadsIt) {
  const auto other = wide();
  const Candidate made = mixed({"Conv_d"});
  for (const auto& weight : made.solution.weights) {
    const bool is_wide = weight.node == "Conv_d";
    if (weight.bias.empty()) continue;
    const auto& input = weight.node == "Conv_c" ? "x" : weight.node == "Conv_d" ? "r" : "mean";
    const auto& of = is_wide ? other.solution : solution_;
    EXPECT_EQ(weight.bias_scale[0], of.tensors.at(input).scale[0] * weight.scale[0]) << weight.node;
  }
}

/// Each tensor once, in the width of its maker; the conversions are nobody's tensors.
TEST_F(WidenTest, TablesTellTheWidthOfEachTensor) {
  const Candidate made = mixed({"Conv_d", "Sigmoid_g", "Sub_e"});
  const auto table =
      exporters::read_qdq_table(engine::parse_model(made.model), "m", &full_->prepared.model);
  std::map<std::string, int> bits;
  for (const auto& tensor : table.activations) bits[tensor.name] = tensor.bits();
  for (const auto& row : made.solution.rows) {
    if (row.root != row.name) continue;
    EXPECT_EQ(bits.at(row.name), row.figures.at("bits")) << row.name;
  }
}

TEST_F(WidenTest, RowsOfWiderTensorsTellTheirOwnError) {
  const Candidate narrow = mixed({});
  const Candidate made = mixed({"Conv_d", "Sub_e"});
  for (size_t i = 0; i < made.solution.rows.size(); ++i) {
    const auto& row = made.solution.rows[i];
    const double before = narrow.solution.rows[i].sqnr_db.value();
    if (row.figures.at("bits") == 8) {
      EXPECT_EQ(row.sqnr_db, before) << row.name;
    } else {
      EXPECT_GT(row.sqnr_db.value(), before + 30) << row.name;
    }
  }
}

TEST_F(WidenTest, AMethodThatNamesOnlyPrescribedTensorsIsNoError) {
  passes::RuntimeCalibration calibration{.method = "mse"};
  calibration.method_for = {{"g", "minmax"}};
  const auto solved =
      solve_wide(*full_, options_, solution_, statistics_, calibration, {}, Effort::kFast);
  EXPECT_EQ(solved.solution.tensors.at("g").scale[0], 1.0f / 65536);
}

TEST_F(WidenTest, ATargetWithoutWiderCodesIsRefused) {
  const Plan plan = make_plan(model());
  EXPECT_THROW(solve_wide(plan, {}, {}, {}, {}, {}, Effort::kFast), std::invalid_argument);
}

}  // namespace
}  // namespace rangefinder::workflow
