#include "workflow/quantize.h"

#include <gmock/gmock.h>

#include <atomic>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "base/error.h"
#include "statistics/statistics_file.h"
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
    quantize(request);
    return read_file(request.output);
  }
};

TEST_F(QuantizeTest, TellsWhatItDid) {
  const report::Summary summary = quantize(quantize_request("int8.onnx"));
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

TEST_F(QuantizeTest, IsObserveAndSolveForEveryMethodThatNeedsNoRawBatches) {
  observe_to_file(observe_request("all.rfs"));
  for (const char* method : {"minmax", "percentile", "mse", "kl", "std", "mean-minmax"}) {
    SolveRequest request = solve_request("all.rfs", "solved.onnx");
    request.calibration.method = method;
    const report::Summary summary = solve_from_file(request);
    EXPECT_EQ(summary.integer_nodes, 3u);
    EXPECT_THAT(summary.outputs, IsEmpty());
    EXPECT_EQ(read_file(request.output), quantized({.method = method})) << method;
  }
}

TEST_F(QuantizeTest, IsotoneOfOneTensorTakesTheSameTwoWays) {
  const passes::RuntimeCalibration calibration{.method = "mse",
                                               .method_for = {{"h", "isotone"}, {"r", "isotone"}}};
  ObserveRequest observation = observe_request("all.rfs");
  observation.rows = {"r"};
  observe_to_file(observation);
  SolveRequest request = solve_request("all.rfs", "solved.onnx");
  request.calibration = calibration;
  solve_from_file(request);
  EXPECT_EQ(read_file(request.output), quantized(calibration));
  EXPECT_NE(read_file(request.output), quantized({.method = "mse"}));
}

TEST_F(QuantizeTest, MethodsThatSeeRawBatchesRunTheModelAgain) {
  QuantizeRequest request = quantize_request("int8.onnx");
  request.calibration.method = "mean-percentile";
  std::map<std::string, size_t> done;
  request.run.progress = [&](const std::string& stage, size_t count, size_t total) {
    done[stage] = count;
    EXPECT_EQ(total, stage == "compare" ? 4u : 8u);
  };
  const report::Summary summary = quantize(request);
  EXPECT_EQ(summary.tensors[0].method, "mean-percentile");
  EXPECT_EQ(done["observe"], 8u);
  EXPECT_EQ(done["raw"], 8u);
  EXPECT_EQ(done["compare"], 4u);
  observe_to_file(observe_request("all.rfs"));
  SolveRequest from_file = solve_request("all.rfs", "solved.onnx");
  from_file.calibration.method = "mean-percentile";
  EXPECT_THROW(solve_from_file(from_file), std::invalid_argument);
}

TEST_F(QuantizeTest, StatisticsAndSummaryAreKeptOnRequest) {
  QuantizeRequest request = quantize_request("int8.onnx");
  request.statistics = file("kept.rfs");
  request.summary = file("summary.json");
  quantize(request);
  observe_to_file(observe_request("observed.rfs"));
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
  EXPECT_EQ(read_file(file("one.onnx")), read_file(file("three.onnx")));
  EXPECT_EQ(first.outputs[0].sqnr_db, second.outputs[0].sqnr_db);
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
  request.summary = file("missing/summary.json");
  EXPECT_THAT(refusal(request), HasSubstr("missing/summary.json"));
  request = quantize_request("int8.onnx");
  request.statistics = samples();
  EXPECT_THAT(refusal(request), HasSubstr("is a folder"));
  EXPECT_THAT(leftovers(), IsEmpty());
}

TEST_F(QuantizeTest, ResultsNeedNamesOfTheirOwn) {
  EXPECT_THROW(quantize(quantize_request("net.onnx")), Error) << "the model itself";
  QuantizeRequest request = quantize_request("int8.onnx");
  request.summary = file("../") / file("").parent_path().filename() / "int8.onnx";
  EXPECT_THROW(quantize(request), Error);
  EXPECT_THAT(leftovers(), IsEmpty());
  EXPECT_EQ(read_file(model()), classifier().bytes());
}

TEST_F(QuantizeTest, ABadHeldOutSampleLeavesNothing) {
  for (const auto& bad : {tensor::Tensor::from_floats({1, 3, 8, 8}, std::vector<float>(192, NAN)),
                          tensor::Tensor::from_floats({1, 3, 8, 4}, std::vector<float>(96, 1))}) {
    data::write_npy(samples() / "11.npy", bad.view());
    try {
      quantize(quantize_request("int8.onnx"));
      FAIL();
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr("11.npy"));
    }
    EXPECT_THAT(leftovers(), IsEmpty());
  }
}

TEST_F(QuantizeTest, ValuesThatAreNotFiniteAreLeftOutOnRequest) {
  const auto bad = tensor::Tensor::from_floats({1, 3, 8, 8}, std::vector<float>(192, NAN));
  data::write_npy(samples() / "11.npy", bad.view());
  QuantizeRequest request = quantize_request("int8.onnx");
  request.run.nonfinite = engine::Nonfinite::kIgnore;
  const report::Summary summary = quantize(request);
  EXPECT_EQ(summary.outputs[0].nonfinite_count, 5u);
  EXPECT_GT(summary.outputs[0].sqnr_db, 20);
}

TEST_F(QuantizeTest, WhenStoppedNothingIsWritten) {
  std::atomic<bool> cancelled = false;
  QuantizeRequest request = quantize_request("int8.onnx");
  write_file(request.output, "what was there before");
  request.statistics = file("kept.rfs");
  request.run.cancelled = &cancelled;
  for (const char* stage : {"observe", "compare"}) {
    cancelled = false;
    request.run.progress = [&](const std::string& now, size_t, size_t) {
      if (now == stage) cancelled = true;
    };
    EXPECT_THROW(quantize(request), Error) << stage;
    EXPECT_EQ(read_file(request.output), "what was there before");
    EXPECT_THAT(leftovers(), UnorderedElementsAre("int8.onnx"));
  }
}

TEST_F(QuantizeTest, StatisticsOfAnotherModelAreRefused) {
  observe_to_file(observe_request("all.rfs"));
  test_support::OnnxBuilder other = classifier();
  other.graph().mutable_initializer(0)->set_float_data(0, 9);
  write_file(model(), other.bytes());
  try {
    solve_from_file(solve_request("all.rfs", "int8.onnx"));
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("another model"));
  }
  EXPECT_THAT(leftovers(), UnorderedElementsAre("all.rfs"));
}

TEST_F(QuantizeTest, NodesAreExcludedAlsoAfterObserving) {
  QuantizeRequest direct = quantize_request("direct.onnx");
  direct.plan.exclude = {"g"};
  const report::Summary summary = quantize(direct);
  EXPECT_EQ(summary.integer_nodes, 2u);
  EXPECT_EQ(summary.eligible_nodes, 3u);
  ASSERT_EQ(summary.float_nodes.size(), 1u);
  EXPECT_EQ(summary.float_nodes[0].name, "Gemm_g");
  observe_to_file(observe_request("all.rfs"));
  SolveRequest request = solve_request("all.rfs", "solved.onnx");
  request.plan.exclude = {"g"};
  solve_from_file(request);
  EXPECT_EQ(read_file(request.output), read_file(direct.output));
}

}  // namespace
}  // namespace rangefinder::workflow
