#include "workflow/verdict.h"

#include <gmock/gmock.h>

#include <cmath>
#include <stdexcept>

#include "base/error.h"
#include "workflow/fixture.h"

namespace rangefinder::workflow {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

class VerdictTest : public WorkflowTest {
 protected:
  static std::string error_of(const std::function<void()>& work) {
    try {
      work();
    } catch (const std::exception& error) {
      return error.what();
    }
    return "no error";
  }

  static report::OutputRow output(const std::string& name, double sqnr_db, double bound_db) {
    report::OutputRow row{.name = name, .sqnr_db = sqnr_db};
    row.sqnr_bound_db = bound_db;
    return row;
  }
};

TEST_F(VerdictTest, QuantizeGivesOne) {
  const auto summary = quantize(quantize_request("int8.onnx")).summary;
  ASSERT_TRUE(summary.verdict.level.has_value());
  std::vector<std::string> checks;
  for (const auto& check : summary.data_checks) checks.push_back(check.name);
  EXPECT_THAT(checks, AllOf(Contains("few_samples"), Contains("few_held_out")));
}

TEST_F(VerdictTest, SolveHasNothingToJudgeBy) {
  observe(observe_request("all.rfs"));
  const auto summary = solve(solve_request("all.rfs", "solved.onnx")).summary;
  EXPECT_EQ(summary.verdict.level, std::nullopt);
  EXPECT_THAT(summary.verdict.reasons, Contains(HasSubstr("'compare'")));
}

TEST_F(VerdictTest, HintsRepeatTheCommand) {
  QuantizeRequest request = quantize_request("int8.onnx");
  request.split.most_held_out = 0;
  request.command = {"rangefinder", "quantize", "net.onnx", "--held-out", "0"};
  EXPECT_THAT(quantize(request).summary.verdict.hints,
              testing::ElementsAre("rangefinder quantize net.onnx --held-out 32"));
}

TEST_F(VerdictTest, WhatIsRequiredIsWrittenOrNothingIs) {
  QuantizeRequest request = quantize_request("int8.onnx");
  request.results.summary = file("summary.json");
  request.require_sqnr = 5;
  EXPECT_NO_THROW(quantize(request));
  EXPECT_EQ(leftovers().size(), 2u);
  std::filesystem::remove(file("int8.onnx"));
  std::filesystem::remove(file("summary.json"));
  request.require_sqnr = 150;
  EXPECT_THAT(error_of([&] { quantize(request); }),
              AllOf(HasSubstr("'y'"), HasSubstr("on 4 held-out samples"),
                    HasSubstr("150 dB are required")));
  EXPECT_THAT(leftovers(), IsEmpty());
}

TEST_F(VerdictTest, WhatCannotBeMeasuredIsRefusedBeforeTheWork) {
  QuantizeRequest request = quantize_request("int8.onnx");
  request.require_sqnr = 5;
  request.split.most_held_out = 0;
  size_t done = 0;
  request.run.progress = [&](const std::string&, size_t, size_t) { ++done; };
  EXPECT_THROW(quantize(request), std::invalid_argument);
  request = quantize_request("int8.onnx");
  request.require_sqnr = 5;
  request.samples = open_input({samples() / "1.npy"});
  request.split.samples.reset();
  request.run.progress = [&](const std::string&, size_t, size_t) { ++done; };
  EXPECT_THAT(error_of([&] { quantize(request); }), HasSubstr("1 sample left none"));
  EXPECT_EQ(done, 0u);
  request = quantize_request("int8.onnx");
  request.require_sqnr = NAN;
  EXPECT_THROW(quantize(request), std::invalid_argument);
}

TEST_F(VerdictTest, TheWorstOutputMustReachIt) {
  report::Summary summary;
  summary.outputs = {output("a", 30, 29), output("b", 22, 20.5), output("c", INFINITY, INFINITY)};
  EXPECT_NO_THROW(require_sqnr(summary, 20.5));
  EXPECT_THAT(error_of([&] { require_sqnr(summary, 21); }),
              AllOf(HasSubstr("'b'"), HasSubstr("20.50 dB"), HasSubstr("21 dB are required")));
  summary.outputs[1].selected_by = "nms";
  summary.outputs[1].judged_at = {{.name = "scores", .sqnr_db = 40, .sqnr_bound_db = 39}};
  EXPECT_NO_THROW(require_sqnr(summary, 29)) << "b is judged elsewhere";
  summary.outputs[2].sqnr_db = -INFINITY;
  summary.outputs[2].sqnr_bound_db = -INFINITY;
  EXPECT_NO_THROW(require_sqnr(summary, 29)) << "zeros tell nothing";
  summary.outputs[0].sqnr_db = NAN;
  summary.outputs[0].sqnr_bound_db = std::nullopt;
  summary.outputs[0].reason = "another shape on all 4 samples";
  EXPECT_THAT(error_of([&] { require_sqnr(summary, 1); }),
              AllOf(HasSubstr("'a'"), HasSubstr("another shape")));
  EXPECT_THROW(require_sqnr(report::Summary(), 1), Error);
}

}  // namespace
}  // namespace rangefinder::workflow
