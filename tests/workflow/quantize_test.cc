#include "workflow/quantize.h"

#include <gmock/gmock.h>

#include <array>
#include <atomic>
#include <cmath>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "base/error.h"
#include "data/npy.h"
#include "engine/session.h"
#include "engine/work_counts.h"
#include "graph/constants.h"
#include "statistics/statistics_file.h"
#include "support/local_ranks.h"
#include "workflow/fixture.h"

namespace rangefinder::workflow {
namespace {

using testing::Each;
using testing::Field;
using testing::Gt;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

class QuantizeTest : public WorkflowTest {
 protected:
  std::string quantized(const passes::RuntimeCalibration& calibration) const {
    QuantizeRequest request = quantize_request("direct.onnx");
    request.calibration = calibration;
    request.split.most_held_out = 0;  // Nothing is judged, and so nothing left float for it.
    quantize(request);
    return read_file(request.results.model);
  }
};

TEST_F(QuantizeTest, TellsWhatItDid) {
  const report::Summary summary = quantize(quantize_request("int8.onnx")).summary;
  EXPECT_EQ(summary.method, "mse");
  EXPECT_EQ(summary.target, "ort-cpu");
  EXPECT_EQ(summary.sample_count, 8u);
  EXPECT_EQ(summary.held_out_count, 4u);
  EXPECT_EQ(summary.eligible_nodes, 3u);
  EXPECT_EQ(summary.integer_nodes, 3u);
  EXPECT_THAT(summary.float_nodes, IsEmpty());
  ASSERT_EQ(summary.outputs.size(), 1u);
  EXPECT_GT(summary.outputs[0].sqnr_db, 20);
  EXPECT_EQ(summary.quantized_bytes, std::filesystem::file_size(file("int8.onnx")));
  EXPECT_EQ(summary.float_bytes, std::filesystem::file_size(model()));
  EXPECT_GT(summary.peak_memory_bytes, 1u << 20);
  EXPECT_THAT(summary.tensors, Each(Field(&report::TensorRow::scale, Gt(0))));
}

/// Two layers with more than 1 MiB of weights each.
std::string wide_model() {
  test_support::OnnxBuilder b;
  b.input("x", {-1, 3, 8, 8});
  b.node("Flatten", {"x"}, {"flat"});
  std::string before = "flat";
  const std::array<int64_t, 3> sizes = {192, 1500, 400};
  for (size_t i = 0; i + 1 < sizes.size(); ++i) {
    const std::string name = std::to_string(i);
    std::vector<float> values(static_cast<size_t>(sizes[i] * sizes[i + 1]));
    for (size_t k = 0; k < values.size(); ++k) {
      values[k] = std::sin(static_cast<float>(k)) / std::sqrt(static_cast<float>(sizes[i]));
    }
    *b.graph().add_initializer() = graph::make_floats("w" + name, {sizes[i], sizes[i + 1]}, values);
    b.node("MatMul", {before, "w" + name}, {"m" + name});
    before = "m" + name;
  }
  b.output(before, {-1, 400});
  return b.bytes();
}

TEST_F(QuantizeTest, FloatWeightsAreNeverHandedToOnnxRuntime) {
  write_file(model(), wide_model());
  constexpr uint64_t kWeights = (192 * 1500 + 1500 * 400) * sizeof(float);
  const engine::WorkCounts before = engine::work_counts();
  QuantizeRequest request = quantize_request("int8.onnx");
  request.effort = Effort::kFast;  // Random layers lose too much: a choice would be made.
  const report::Summary summary = quantize(request).summary;
  const engine::WorkCounts after = engine::work_counts();
  EXPECT_EQ(summary.integer_nodes, 2u);
  EXPECT_EQ(summary.float_bytes, std::filesystem::file_size(model()));
  // Prepare, look at types, ask for the size of blocks, instrument, observe; look at kernels, run
  // both models, and both once more to see where the error is born.
  EXPECT_LE(after.sessions - before.sessions, 9u);
  // The int8 model stands in its message, three times; every float model is a skeleton.
  EXPECT_LE(after.model_bytes - before.model_bytes, 3 * kWeights / 4 + 50'000);
  EXPECT_LE(after.saved_bytes - before.saved_bytes, kWeights / 4 + 50'000);
}

TEST_F(QuantizeTest, TheFloatModelRunsOnEachSampleOnce) {
  QuantizeRequest request = quantize_request("int8.onnx");
  request.plan.target = &targets::find_target("tensorrt");  // Nothing is timed.
  request.effort = Effort::kFast;
  for (const int jobs : {1, 3}) {
    request.run.jobs = jobs;
    quantize(request);  // Looks at what this machine does, once.
    const uint64_t before = engine::work_counts().runs;
    const report::Summary summary = quantize(request).summary;
    ASSERT_EQ(summary.held_out_count, 4u);
    ASSERT_EQ(summary.outputs[0].joined_count, 8u);
    // All in float; again in codes; the first held-out sample once more by the user's own model.
    EXPECT_EQ(engine::work_counts().runs - before, 12u + 12 + 1) << jobs;
  }
}

TEST_F(QuantizeTest, IsObserveAndSolveForEveryMethodThatNeedsNoRawBatches) {
  observe(observe_request("all.rfs"));
  for (const char* method : {"minmax", "percentile", "mse", "kl", "std", "mean-minmax"}) {
    SolveRequest request = solve_request("all.rfs", "solved.onnx");
    request.calibration.method = method;
    const report::Summary summary = solve(request).summary;
    EXPECT_EQ(summary.integer_nodes, 3u);
    EXPECT_THAT(summary.outputs, IsEmpty());
    EXPECT_EQ(read_file(request.results.model), quantized({.method = method})) << method;
  }
}

TEST_F(QuantizeTest, IsotoneOfOneTensorTakesTheSameTwoWays) {
  const passes::RuntimeCalibration calibration{.method = "mse",
                                               .method_for = {{"h", "isotone"}, {"r", "isotone"}}};
  ObserveRequest observation = observe_request("all.rfs");
  observation.rows = {"r"};
  observe(observation);
  SolveRequest request = solve_request("all.rfs", "solved.onnx");
  request.calibration = calibration;
  solve(request);
  EXPECT_EQ(read_file(request.results.model), quantized(calibration));
  EXPECT_NE(read_file(request.results.model), quantized({.method = "mse"}));
}

TEST_F(QuantizeTest, MethodsThatSeeRawBatchesRunTheModelAgain) {
  QuantizeRequest request = quantize_request("int8.onnx");
  request.calibration.method = "mean-percentile";
  request.effort = Effort::kFast;
  std::map<std::string, size_t> done;
  request.run.progress = [&](const std::string& stage, size_t count, size_t total) {
    done[stage] = count;
    EXPECT_EQ(total, stage == "compare" ? 4u : 8u);
  };
  const report::Summary summary = quantize(request).summary;
  EXPECT_EQ(summary.tensors[0].method, "mean-percentile");
  EXPECT_EQ(done["observe"], 8u);
  EXPECT_EQ(done["raw"], 8u);
  EXPECT_EQ(done["compare"], 4u);
  observe(observe_request("all.rfs"));
  SolveRequest from_file = solve_request("all.rfs", "solved.onnx");
  from_file.calibration.method = "mean-percentile";
  EXPECT_THROW(solve(from_file), std::invalid_argument);
}

TEST_F(QuantizeTest, StatisticsAndSummaryAreKeptOnRequest) {
  QuantizeRequest request = quantize_request("int8.onnx");
  request.results.statistics = file("kept.rfs");
  request.results.summary = file("summary.json");
  quantize(request);
  observe(observe_request("observed.rfs"));
  EXPECT_EQ(read_file(file("kept.rfs")), read_file(file("observed.rfs")));
  const auto json = nlohmann::json::parse(read_file(file("summary.json")));
  EXPECT_EQ(json["integer_nodes"], 3);
  EXPECT_EQ(json["tensors"].size(), 5u);  // four observed, and the pooled mean flattened
  EXPECT_THAT(leftovers(),
              UnorderedElementsAre("int8.onnx", "kept.rfs", "summary.json", "observed.rfs"));
}

TEST_F(QuantizeTest, TheNumberOfJobsMakesNoDifference) {
  QuantizeRequest one = quantize_request("one.onnx");
  QuantizeRequest three = quantize_request("three.onnx");
  three.run.jobs = 3;
  const auto first = quantize(one);
  const auto second = quantize(three);
  EXPECT_TRUE(first.statistics == second.statistics);
  EXPECT_EQ(read_file(file("one.onnx")), read_file(file("three.onnx")));
  EXPECT_EQ(first.summary.outputs[0].sqnr_db, second.summary.outputs[0].sqnr_db);
}

TEST_F(QuantizeTest, BiasesAreCorrectedUnlessTheEffortIsFast) {
  QuantizeRequest request = quantize_request("fast.onnx");
  request.effort = Effort::kFast;
  const Quantized fast = quantize(request);
  EXPECT_EQ(fast.summary.effort, "fast");
  EXPECT_THAT(fast.summary.bias_corrections, IsEmpty());
  const Quantized normal = quantize(quantize_request("normal.onnx"));
  EXPECT_EQ(normal.summary.effort, "normal");
  ASSERT_EQ(normal.summary.bias_corrections.size(), 3u);
  for (const auto& row : normal.summary.bias_corrections) {
    EXPECT_THAT(row.reason, IsEmpty()) << row.node;
    EXPECT_GE(row.channel_count, 5u) << row.node;
  }
  EXPECT_NE(read_file(file("fast.onnx")), read_file(file("normal.onnx")));
  EXPECT_EQ(normal.summary.integer_nodes, 3u) << "that of a Gemm without bias, too";
}

TEST_F(QuantizeTest, StatisticsWithoutSumsGiveTheModelAsItWas) {
  // A method that leaves no room, which solve does not do with the least effort.
  QuantizeRequest request = quantize_request("fast.onnx");
  request.calibration.method = "minmax";
  request.effort = Effort::kFast;
  request.results.statistics = file("fast.rfs");
  quantize(request);
  SolveRequest without_sums = solve_request("fast.rfs", "solved.onnx");
  without_sums.calibration.method = "minmax";
  const report::Summary summary = solve(std::move(without_sums)).summary;
  EXPECT_EQ(read_file(file("solved.onnx")), read_file(file("fast.onnx")));
  ASSERT_EQ(summary.bias_corrections.size(), 3u);
  EXPECT_THAT(summary.bias_corrections[0].reason, HasSubstr("no sums"));
  observe(observe_request("all.rfs"));
  SolveRequest with_sums = solve_request("all.rfs", "again.onnx");
  with_sums.calibration.method = "minmax";
  with_sums.effort = Effort::kFast;
  solve(with_sums);
  EXPECT_EQ(read_file(file("again.onnx")), read_file(file("fast.onnx")));
}

TEST_F(QuantizeTest, TheMeanErrorOfALayerFallsOnUnseenSamples) {
  test_support::OnnxBuilder b;
  b.input("x", {1, 16, 6, 6});
  b.weights("w", {8, 16, 3, 3}, 0.3f);
  b.node("Conv", {"x", "w"}, {"y"});
  b.output("y", {1, 8, 4, 4});
  write_file(file("layer.onnx"), b.bytes());
  const auto sample = [](size_t index) {
    std::vector<float> values;
    for (size_t i = 0; i < 16 * 36; ++i) {
      const auto channel = static_cast<float>(i / 36);
      values.push_back(channel / 8 + std::sin(static_cast<float>(7 * i + 131 * index)));
    }
    return tensor::Tensor::from_floats({1, 16, 6, 6}, values);
  };
  std::filesystem::create_directories(file("layer"));
  for (size_t i = 0; i < 16; ++i) {
    data::write_npy(file("layer") / (std::to_string(i) + ".npy"), sample(i).view());
  }
  const auto squared_means = [&](Effort effort) {
    QuantizeRequest request{.model = file("layer.onnx"), .effort = effort};
    request.samples = open_input({file("layer")});
    request.results.model = file("layer.int8.onnx");
    quantize(request);
    engine::Session real(file("layer.onnx"));
    engine::Session codes(file("layer.int8.onnx"));
    std::array<double, 8> sums = {};
    for (size_t i = 100; i < 140; ++i) {
      const auto wanted = real.run({{"x", sample(i)}}).at("y");
      const auto found = codes.run({{"x", sample(i)}}).at("y");
      for (size_t k = 0; k < 8 * 16; ++k) {
        sums[k / 16] += double{found.floats()[k]} - double{wanted.floats()[k]};
      }
    }
    double total = 0;
    for (const double sum : sums) total += sum * sum;
    return total;
  };
  EXPECT_LT(squared_means(Effort::kNormal), squared_means(Effort::kFast) / 4);
}

TEST_F(QuantizeTest, PlacesThatCannotBeWrittenAreRefusedBeforeTheWork) {
  const auto refusal = [](QuantizeRequest request) {
    size_t samples_seen = 0;
    request.run.progress = [&](const auto&, size_t, size_t) { ++samples_seen; };
    try {
      quantize(request);
    } catch (const Error& error) {
      EXPECT_EQ(samples_seen, 0u);
      return std::string(error.what());
    }
    return std::string("none");
  };
  EXPECT_THAT(refusal(quantize_request("missing/int8.onnx")), HasSubstr("missing/int8.onnx"));
  QuantizeRequest request = quantize_request("int8.onnx");
  request.results.summary = file("missing/summary.json");
  EXPECT_THAT(refusal(request), HasSubstr("missing/summary.json"));
  request = quantize_request("int8.onnx");
  request.results.statistics = samples();
  EXPECT_THAT(refusal(request), HasSubstr("is a folder"));
  EXPECT_THAT(leftovers(), IsEmpty());
}

TEST_F(QuantizeTest, ResultsNeedNamesOfTheirOwn) {
  EXPECT_THROW(quantize(quantize_request("net.onnx")), Error) << "the model itself";
  QuantizeRequest request = quantize_request("int8.onnx");
  request.results.summary = file("../") / file("").parent_path().filename() / "int8.onnx";
  EXPECT_THROW(quantize(request), Error);
  EXPECT_THAT(leftovers(), IsEmpty());
  EXPECT_EQ(read_file(model()), classifier().bytes());
}

TEST_F(QuantizeTest, ABadHeldOutSampleIsLeftOutAndTheModelWritten) {
  const std::string good = quantized({.method = "mse"});
  const auto leave_out = [&](const std::string& why) {
    QuantizeRequest request = quantize_request("int8.onnx");
    const report::Summary summary = quantize(request).summary;
    EXPECT_EQ(read_file(request.results.model), good);
    EXPECT_EQ(summary.outputs[0].sample_count, 3u);
    EXPECT_GT(summary.outputs[0].sqnr_db, 20);
    ASSERT_EQ(summary.left_out.size(), 1u);
    EXPECT_THAT(summary.left_out[0].name, HasSubstr("11.npy"));
    EXPECT_THAT(summary.left_out[0].reason, HasSubstr(why));
  };
  const auto file_of = [](const tensor::Shape& shape, float value) {
    const auto count = static_cast<size_t>(tensor::element_count(shape));
    return tensor::Tensor::from_floats(shape, std::vector<float>(count, value));
  };
  data::write_npy(samples() / "11.npy", file_of({1, 3, 8, 8}, NAN).view());
  leave_out("'x': shows NaN");
  data::write_npy(samples() / "11.npy", file_of({1, 3, 8, 4}, 1).view());
  leave_out("[1, 3, 8, 4]");
  write_file(samples() / "11.npy", "rubbish");
  leave_out("11.npy");
}

TEST_F(QuantizeTest, ABadCalibrationSampleStillLeavesNothing) {
  write_file(samples() / "3.npy", "rubbish");
  EXPECT_THROW(quantize(quantize_request("int8.onnx")), Error);
  EXPECT_THAT(leftovers(), IsEmpty());
}

TEST_F(QuantizeTest, WithoutAnyGoodHeldOutSampleTheModelIsWrittenAndSaysSo) {
  for (int i = 8; i < 12; ++i) {
    write_file(samples() / (std::to_string(i) + ".npy"), "rubbish");
  }
  const report::Summary summary = quantize(quantize_request("int8.onnx")).summary;
  EXPECT_EQ(summary.left_out.size(), 4u);
  EXPECT_THAT(summary.outputs[0].reason, HasSubstr("no sample could be run"));
  EXPECT_TRUE(std::isnan(summary.outputs[0].sqnr_db));
  EXPECT_THAT(leftovers(), UnorderedElementsAre("int8.onnx"));
}

/// The classifier with an output whose shape depends on the data, and one that is a sequence.
test_support::OnnxBuilder detector(test_support::OnnxBuilder b) {
  b.initializer("threshold", {}, std::vector<float>{0});
  b.node("Greater", {"y", "threshold"}, {"mask"});
  b.node("NonZero", {"mask"}, {"found"});
  b.output("found", {2, -1}, onnx::TensorProto::INT64);
  b.node("SequenceConstruct", {"y"}, {"all"});
  auto* output = b.graph().add_output();
  output->set_name("all");
  output->mutable_type()
      ->mutable_sequence_type()
      ->mutable_elem_type()
      ->mutable_tensor_type()
      ->set_elem_type(onnx::TensorProto::FLOAT);
  return b;
}

TEST_F(QuantizeTest, OutputsOfAnyKindCostNoConversion) {
  write_file(model(), detector(classifier()).bytes());
  QuantizeRequest request = quantize_request("int8.onnx");
  request.results.summary = file("summary.json");
  const report::Summary summary = quantize(request).summary;
  ASSERT_EQ(summary.outputs.size(), 3u);
  EXPECT_GT(summary.outputs[0].sqnr_db, 20);
  EXPECT_EQ(summary.outputs[1].sample_count + summary.outputs[1].shape_mismatch_count, 4u);
  EXPECT_THAT(summary.outputs[2].reason, HasSubstr("not a tensor"));
  const auto json = nlohmann::json::parse(read_file(request.results.summary));
  EXPECT_TRUE(json["outputs"][2]["sqnr_db"].is_null());
  EXPECT_THAT(report::to_table(summary), HasSubstr("not compared: "));
}

TEST_F(QuantizeTest, ValuesThatAreNotFiniteAreLeftOutOnRequest) {
  const auto bad = tensor::Tensor::from_floats({1, 3, 8, 8}, std::vector<float>(192, NAN));
  data::write_npy(samples() / "11.npy", bad.view());
  QuantizeRequest request = quantize_request("int8.onnx");
  request.run.nonfinite = Nonfinite::kIgnore;
  const report::Summary summary = quantize(request).summary;
  EXPECT_EQ(summary.outputs[0].nonfinite_count, 5u);
  EXPECT_GT(summary.outputs[0].sqnr_db, 20);
}

TEST_F(QuantizeTest, WhenStoppedNothingIsWritten) {
  std::atomic<bool> cancelled = false;
  QuantizeRequest request = quantize_request("int8.onnx");
  write_file(request.results.model, "what was there before");
  request.results.statistics = file("kept.rfs");
  request.run.cancelled = &cancelled;
  for (const char* stage : {"observe", "compare"}) {
    cancelled = false;
    request.run.progress = [&](const std::string& now, size_t, size_t) {
      if (now == stage) cancelled = true;
    };
    EXPECT_THROW(quantize(request), Error) << stage;
    EXPECT_EQ(read_file(request.results.model), "what was there before");
    EXPECT_THAT(leftovers(), UnorderedElementsAre("int8.onnx"));
  }
}

TEST_F(QuantizeTest, StatisticsOfAnotherModelAreRefused) {
  observe(observe_request("all.rfs"));
  test_support::OnnxBuilder other = classifier();
  other.graph().mutable_initializer(0)->set_float_data(0, 9);
  write_file(model(), other.bytes());
  try {
    solve(solve_request("all.rfs", "int8.onnx"));
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("another model"));
  }
  EXPECT_THAT(leftovers(), UnorderedElementsAre("all.rfs"));
}

TEST_F(QuantizeTest, NodesAreExcludedAlsoAfterObserving) {
  QuantizeRequest direct = quantize_request("direct.onnx");
  direct.plan.exclude = {"g"};
  const report::Summary summary = quantize(direct).summary;
  EXPECT_EQ(summary.integer_nodes, 2u);
  EXPECT_EQ(summary.eligible_nodes, 3u);
  ASSERT_EQ(summary.float_nodes.size(), 1u);
  EXPECT_EQ(summary.float_nodes[0].name, "Gemm_g");
  observe(observe_request("all.rfs"));
  SolveRequest request = solve_request("all.rfs", "solved.onnx");
  request.plan.exclude = {"g"};
  solve(request);
  EXPECT_EQ(read_file(request.results.model), read_file(direct.results.model));
}

/// Statistics hold what the pool reads; what it makes needs none of its own.
TEST_F(QuantizeTest, MoversAreExcludedAlsoAfterObserving) {
  QuantizeRequest direct = quantize_request("direct.onnx");
  direct.plan.exclude = {"Flatten_flat"};
  EXPECT_EQ(quantize(direct).summary.integer_nodes, 3u);
  observe(observe_request("all.rfs"));
  SolveRequest request = solve_request("all.rfs", "solved.onnx");
  request.plan.exclude = {"flat"};
  solve(request);
  EXPECT_EQ(read_file(request.results.model), read_file(direct.results.model));
}

/// The pool is in float then, and what Flatten makes of it has to be observed; the statistics of
/// what it moves serve.
TEST_F(QuantizeTest, WhatOnlyAnExclusionNeedsIsTakenFromWhatWasMoved) {
  observe(observe_request("all.rfs"));
  SolveRequest request = solve_request("all.rfs", "solved.onnx");
  request.plan.exclude = {"Conv_c", "mean"};
  const report::Summary summary = solve(request).summary;
  EXPECT_EQ(summary.integer_nodes, 2u);
}

TEST_F(QuantizeTest, AllNodesExcludedGivesTheFloatModel) {
  QuantizeRequest direct = quantize_request("direct.onnx");
  direct.plan.exclude = {"*"};
  direct.results.statistics = file("none.rfs");
  const report::Summary summary = quantize(direct).summary;
  EXPECT_EQ(summary.integer_nodes, 0u);
  EXPECT_EQ(summary.eligible_nodes, 3u);
  EXPECT_TRUE(summary.tensors.empty());
  ASSERT_EQ(summary.outputs.size(), 1u);
  EXPECT_GT(summary.outputs[0].sqnr_db, 100);
  for (const char* statistics : {"none.rfs", "all.rfs"}) {
    if (statistics == std::string("all.rfs")) observe(observe_request(statistics));
    SolveRequest request = solve_request(statistics, "solved.onnx");
    request.plan.exclude = {"*"};
    EXPECT_EQ(solve(request).summary.integer_nodes, 0u);
    EXPECT_EQ(read_file(request.results.model), read_file(direct.results.model)) << statistics;
  }
}

/// What a run tells of samples and ranges, whatever the time it took.
report::Summary timeless(report::Summary summary) {
  report::Summary told;
  told.sample_count = summary.sample_count;
  told.tensors = std::move(summary.tensors);
  told.outputs = std::move(summary.outputs);
  told.data_checks = std::move(summary.data_checks);
  return told;
}

TEST_F(QuantizeTest, ARunThatIsKilledGoesOnWithTheSameBytes) {
  // Two samples alike, which are told of: how samples look is kept, too.
  std::filesystem::copy_file(samples() / "0.npy", samples() / "5.npy",
                             std::filesystem::copy_options::overwrite_existing);
  QuantizeRequest whole = quantize_request("whole.onnx");
  const auto expected = timeless(quantize(whole).summary);
  EXPECT_FALSE(expected.data_checks.empty());
  for (const size_t last : {5u, 100u}) {
    QuantizeRequest request = quantize_request("resumed.onnx");
    request.results.statistics = file("resumed.rfs");
    request.pass.checkpoint = {.file = file("run.ckpt"), .every = 2};
    request.run.progress = [&](const std::string&, size_t done, size_t) {
      if (done == last) throw std::logic_error("killed");
    };
    // Either in the middle of the observation, or long after it.
    request.require_sqnr = 1000;
    EXPECT_ANY_THROW(quantize(request));
    size_t told = 0;
    request.run.progress = [&](const std::string& stage, size_t, size_t) {
      told += stage == "observe";
    };
    request.require_sqnr = {};
    EXPECT_EQ(report::to_json(timeless(quantize(request).summary)), report::to_json(expected));
    EXPECT_EQ(told, last == 5 ? 4u : 0u);
    EXPECT_EQ(read_file(request.results.model), read_file(whole.results.model));
    EXPECT_FALSE(std::filesystem::exists(file("run.ckpt")));
  }
}

TEST_F(QuantizeTest, RanksWriteTheBytesOfOneProcess) {
  QuantizeRequest whole = quantize_request("whole.onnx");
  quantize(whole);
  test_support::LocalRanks ranks(3);
  ranks.run([&](Communicator& mine) {
    QuantizeRequest request = quantize_request("shared.onnx");
    request.pass.ranks = &mine;
    const Quantized result = quantize(request);
    EXPECT_EQ(result.statistics.sample_count(), 8u);
    EXPECT_EQ(result.model.bytes.empty() && result.model.file.empty(), mine.rank() != 0);
  });
  EXPECT_EQ(read_file(file("shared.onnx")), read_file(whole.results.model));
}

TEST_F(QuantizeTest, ACheckpointIsAFileOfItsOwn) {
  QuantizeRequest request = quantize_request("q.onnx");
  request.pass.checkpoint.file = request.results.model;
  EXPECT_THROW(quantize(request), Error);
  request.pass.checkpoint.file = model();
  EXPECT_THROW(quantize(request), Error);
  EXPECT_EQ(read_file(model()), classifier().bytes());
}

}  // namespace
}  // namespace rangefinder::workflow
