#include "workflow/lookup_tables.h"

#include <gmock/gmock.h>

#include "data/npy.h"
#include "workflow/fixture.h"
#include "workflow/quantize.h"

namespace rangefinder::workflow {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class LookupTablesTest : public WorkflowTest {
 protected:
  static constexpr int64_t kColumns = 64;

  /// `rows` of the table make it as large as is wanted.
  void write_embedding(int64_t rows) {
    test_support::OnnxBuilder b;
    b.input("ids", {1, 6}, onnx::TensorProto::INT64);
    b.weights("words", {rows, kColumns}, 0.5f);
    b.node("Gather", {"words", "ids"}, {"rows"});
    b.weights("w", {kColumns, 8}, 0.2f);
    b.node("MatMul", {"rows", "w"}, {"y"});
    b.output("y", {1, 6, 8});
    write_file(model(), b.bytes());
    std::filesystem::create_directory(file("ids"));
    for (int64_t i = 0; i < 12; ++i) {
      tensor::Tensor ids(tensor::ElementType::kInt64, {1, 6});
      auto* values = reinterpret_cast<int64_t*>(ids.bytes().data());
      for (int64_t k = 0; k < 6; ++k) values[k] = (i * 37 + k * 11) % rows;
      data::write_npy(file("ids") / (std::to_string(i) + ".npy"), ids.view());
    }
  }

  QuantizeRequest request(const std::string& output) const {
    QuantizeRequest request = quantize_request(output);
    request.samples = open_input({file("ids")});
    return request;
  }
};

TEST_F(LookupTablesTest, BecomeAQuarterUnlessTheEffortIsFast) {
  write_embedding(3000);
  const report::Summary summary = quantize(request("normal.onnx")).summary;
  ASSERT_THAT(summary.lookup_tables, SizeIs(1));
  const LookupTableRow& row = summary.lookup_tables[0];
  EXPECT_EQ(row.name, "words");
  EXPECT_EQ(row.row_count, 3000u);
  EXPECT_EQ(row.column_count, 64u);
  EXPECT_THAT(row.reason, IsEmpty());
  EXPECT_GT(row.sqnr_db.value(), passes::kLeastTableSqnr);
  EXPECT_GT(summary.outputs[0].sqnr_db, 30);
  EXPECT_LT(std::filesystem::file_size(file("normal.onnx")) * 3.5,
            std::filesystem::file_size(model()));
  QuantizeRequest fast = request("fast.onnx");
  fast.effort = Effort::kFast;
  EXPECT_THAT(quantize(fast).summary.lookup_tables, IsEmpty());
  EXPECT_GT(std::filesystem::file_size(file("fast.onnx")), 3000u * 64 * 4);
}

TEST_F(LookupTablesTest, LargeOnesLieInAFileUntilTheyAreWritten) {
  const int64_t rows = (int64_t{9} << 20) / kColumns;  // 9 MiB of codes
  write_embedding(rows);
  const Plan plan = make_plan(model());
  SolvedPlan solution;
  quantize_tables(plan, solution);
  ASSERT_THAT(solution.tables, SizeIs(1));
  EXPECT_THAT(solution.tables[0].codes.raw_data(), IsEmpty());
  EXPECT_THAT(solution.held, SizeIs(1));
  quantize(request("large.onnx"));
  const auto size = std::filesystem::file_size(file("large.onnx"));
  EXPECT_GT(size, static_cast<uint64_t>(rows * kColumns));
  EXPECT_LT(size, static_cast<uint64_t>(rows * kColumns) + 20000);
}

TEST_F(LookupTablesTest, SolveWritesTheSameAsQuantize) {
  write_embedding(3000);
  QuantizeRequest both = request("quantized.onnx");
  both.results.statistics = file("seen.rfs");
  quantize(both);
  const Quantized solved = solve(solve_request("seen.rfs", "solved.onnx"));
  EXPECT_THAT(solved.summary.lookup_tables, SizeIs(1));
  EXPECT_EQ(read_file(file("solved.onnx")), read_file(file("quantized.onnx")));
}

TEST(TableRows, WhatWasNotTriedHasNoFigures) {
  const auto rows = table_rows({{.table = {.name = "t", .obstacle = "is shy"}, .row_count = 7}});
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].reason, "is shy");
  EXPECT_EQ(rows[0].row_count, 7u);
  EXPECT_FALSE(rows[0].sqnr_db);
}

}  // namespace
}  // namespace rangefinder::workflow
