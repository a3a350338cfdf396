#include "workflow/reference.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "engine/packed_model.h"
#include "support/integer_kernels.h"
#include "workflow/compare.h"
#include "workflow/fixture.h"
#include "workflow/inspect.h"

namespace rangefinder::workflow {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;

class ReferenceTest : public WorkflowTest {
 protected:
  QuantizeRequest request_for(std::string_view target, const std::string& output) const {
    QuantizeRequest request = quantize_request(output);
    request.plan.target = &targets::find_target(target);
    return request;
  }

  Comparison compared(const std::string& quantized, bool measure_latency = false) const {
    CompareRequest request{.float_model = model(),
                           .quantized_model = file(quantized),
                           .samples = open_input({samples()})};
    request.measure_latency = measure_latency;
    return compare(request);
  }
};

TEST_F(ReferenceTest, EveryTargetIsQuantizedAndComparedWithWhatItWrote) {
  for (const targets::Target& target : targets::all_targets()) {
    SCOPED_TRACE(target.name);
    // Products of such a model saturate where the processor adds them up in 16 bits.
    const bool needs_exact_products = target.runs_here && !target.pair_sums_saturate;
    if (needs_exact_products && !test_support::has_exact_dot_products()) continue;
    const auto made = quantize(request_for(target.name, "q.onnx"));
    const Comparison found = compared("q.onnx");
    EXPECT_EQ(found.reference, target.runs_here ? "" : target.name);
    EXPECT_EQ(made.summary.reference, found.reference);
    EXPECT_EQ(found.integer_nodes, 3u);
    EXPECT_EQ(found.eligible_nodes, 3u);
    EXPECT_EQ(made.summary.integer_nodes, 3u);
    EXPECT_GT(found.outputs.at(0).sqnr_db, target.activation.is_power_of_2() ? 15 : 20);
    EXPECT_EQ(made.summary.latency.has_value(), target.runs_here);
    EXPECT_EQ(foreign_target(engine::parse_model(file("q.onnx"))), found.reference);
  }
}

TEST_F(ReferenceTest, WhatIsNotMeasuredIsNotTold) {
  const auto made = quantize(request_for("tensorrt", "q.onnx"));
  EXPECT_THAT(made.summary.notes, Contains(HasSubstr("latency are not measured")));
  EXPECT_THAT(made.summary.table(), HasSubstr("3 of 3 Conv, Gemm and MatMul nodes are written"));
  EXPECT_THAT(made.summary.table(), Not(HasSubstr("latency   ")));
  EXPECT_THAT(compared("q.onnx").table(), HasSubstr("not measured"));
  EXPECT_EQ(nlohmann::json::parse(compared("q.onnx").json())["reference"], "tensorrt");
  try {
    compared("q.onnx", true);
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("tensorrt"));
  }
}

TEST_F(ReferenceTest, NothingIsChosenByKernelsThatAreNotHere) {
  auto request = request_for("tensorrt", "q.onnx");
  request.choice.min_sqnr = 20;
  EXPECT_THROW(quantize(request), std::invalid_argument);
  request.choice = {.fastest = true};
  EXPECT_THROW(quantize(request), std::invalid_argument);
  EXPECT_FALSE(std::filesystem::exists(file("q.onnx")));
  // Nor is it advised to.
  const auto made = quantize(request_for("int8-power-of-2", "q.onnx"));
  for (const auto& hint : made.summary.verdict.hints) {
    EXPECT_THAT(hint, Not(HasSubstr("--min-sqnr")));
    EXPECT_THAT(hint, Not(HasSubstr("--fastest")));
  }
}

TEST_F(ReferenceTest, SolveWritesWhatQuantizeWrites) {
  for (const auto* target : {"openvino", "qnn-16"}) {
    auto observe_it = observe_request("s.rfs");
    observe_it.plan.target = &targets::find_target(target);
    observe(observe_it);
    quantize(request_for(target, "q.onnx"));
    auto solve_it = solve_request("s.rfs", "s.onnx");
    solve_it.plan.target = &targets::find_target(target);
    const auto solved = solve(solve_it);
    EXPECT_EQ(read_file(file("q.onnx")), read_file(file("s.onnx"))) << target;
    EXPECT_EQ(solved.summary.reference, target);
  }
}

TEST_F(ReferenceTest, ThoroughLeavesWeightsBesideSixteenBitsAlone) {
  auto request = request_for("qnn-16", "q.onnx");
  request.effort = Effort::kThorough;
  EXPECT_THAT(quantize(request).summary.notes, Contains(HasSubstr("more than 8 bits")));
}

TEST_F(ReferenceTest, TransposedConvolutionsAreCounted) {
  test_support::OnnxBuilder b;
  b.node("ConvTranspose", {"x", "w"}, {"y"});
  b.node("DequantizeLinear", {"q", "s"}, {"r"});
  b.node("ConvTranspose", {"x", "r"}, {"z"});
  const WrittenNodes found = written_nodes(b.model());
  EXPECT_EQ(found.all, 2u);
  EXPECT_EQ(found.in_codes, 1u);
}

TEST_F(ReferenceTest, InspectTellsWhatIsWritten) {
  quantize(request_for("mnn", "q.onnx"));
  const auto found = inspect_model(file("q.onnx"), {});
  EXPECT_TRUE(found.is_as_written);
  EXPECT_EQ(found.target, "mnn");
  EXPECT_THAT(found.table(),
              HasSubstr("3 of 3 Conv, Gemm and MatMul nodes are written with codes"));
  const auto real = inspect_model(model(), {.target = &targets::find_target("mnn")});
  EXPECT_TRUE(real.is_as_written);
  EXPECT_EQ(real.integer_nodes, 3u);
}

}  // namespace
}  // namespace rangefinder::workflow
