#include "workflow/lstms.h"

#include <gmock/gmock.h>

#include "workflow/fixture.h"

namespace rangefinder::workflow {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

class LstmsTest : public WorkflowTest {
 protected:
  /// Pictures of 3 x 8 x 8 as 8 steps of 24 values, an LSTM, and a matrix behind it.
  LstmsTest() {
    test_support::OnnxBuilder b(14);
    b.input("x", {1, 3, 8, 8});
    b.initializer("steps", {3}, std::vector<int64_t>{8, 1, 24});
    b.node("Reshape", {"x", "steps"}, {"s"});
    b.weights("w", {1, 256, 24}, 0.2f);
    b.weights("r", {1, 256, 64}, 0.2f);
    b.node("LSTM", {"s", "w", "r"}, {"h", "last"}).integer("hidden_size", 64);
    b.weights("v", {64, 5}, 0.4f);
    b.node("MatMul", {"last", "v"}, {"y"});
    b.output("y", {1, 1, 5});
    write_file(model(), b.bytes());
  }
};

TEST_F(LstmsTest, HaveInt8WeightsUnlessTheEffortIsFast) {
  const report::Summary summary = quantize(quantize_request("normal.onnx")).summary;
  ASSERT_THAT(summary.lstms, SizeIs(1));
  EXPECT_EQ(summary.lstms[0].name, "LSTM_h");
  EXPECT_THAT(summary.lstms[0].reason, IsEmpty());
  EXPECT_GT(summary.lstms[0].sqnr_db.value(), passes::kLeastLstmSqnr);
  EXPECT_GT(summary.outputs[0].sqnr_db, 20);
  QuantizeRequest fast = quantize_request("fast.onnx");
  fast.effort = Effort::kFast;
  EXPECT_THAT(quantize(fast).summary.lstms, IsEmpty());
  EXPECT_LT(std::filesystem::file_size(file("normal.onnx")) * 3,
            std::filesystem::file_size(file("fast.onnx")));
}

TEST_F(LstmsTest, WhatIsExcludedStaysFloatAndSaysSo) {
  QuantizeRequest request = quantize_request("excluded.onnx");
  request.plan.exclude = {"LSTM_h"};
  const report::Summary summary = quantize(request).summary;
  ASSERT_THAT(summary.lstms, SizeIs(1));
  EXPECT_EQ(summary.lstms[0].reason, "is excluded");
  EXPECT_FALSE(summary.lstms[0].sqnr_db);
}

}  // namespace
}  // namespace rangefinder::workflow
