#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <sstream>

#include "report/summary.h"

namespace rangefinder::report {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::vector<std::string> lines(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> result;
  for (std::string line; std::getline(stream, line);) result.push_back(line);
  return result;
}

/// The first words of the lines that come after the line that begins with `heading`, up to an
/// empty one.
std::vector<std::string> names_below(const std::string& heading, const std::string& text) {
  std::vector<std::string> names;
  bool inside = false;
  for (const std::string& line : lines(text)) {
    if (line.empty()) inside = false;
    if (inside) names.push_back(line.substr(0, line.find(' ')));
    if (line.starts_with(heading)) inside = true;
  }
  return names;
}

TensorRow tensor(const std::string& name, std::optional<double> sqnr_db) {
  TensorRow row{.name = name, .root = name, .method = "mse"};
  row.range_min = -1.5;
  row.range_max = 2.25;
  row.scale = 0.0147f;
  row.offset = 102;
  row.count = 10;
  row.clipped_share = 0.0125;
  row.sqnr_db = sqnr_db;
  return row;
}

TEST(SummaryTable, BeginsWithWhatMattersMost) {
  Summary summary;
  summary.model = "model.onnx";
  summary.output = "int8.onnx";
  summary.method = "kl";
  summary.target = "ort-cpu";
  summary.sample_count = 90;
  summary.seconds = {.prepare = 1, .observe = 2, .solve = 0.25, .export_ = 0, .verify = 0.5};
  summary.peak_memory_bytes = 300 << 20;
  summary.float_bytes = 4 << 20;
  summary.quantized_bytes = 1 << 20;
  summary.integer_nodes = 6;
  summary.eligible_nodes = 7;
  EXPECT_THAT(lines(to_table(summary)),
              ElementsAre("model.onnx -> int8.onnx", "method kl, target ort-cpu, 90 samples",
                          "size      4.00 MiB -> 1.00 MiB",
                          "kernels   6 of 7 Conv, Gemm and MatMul nodes run in integers",
                          "time      3.75 s (prepare 1.00, observe 2.00, solve 0.25, export 0.00, "
                          "verify 0.50)",
                          "memory    300.00 MiB at most"))
      << "and nothing of what there is none of";
  summary.output.clear();
  EXPECT_THAT(lines(to_table(summary)).front(), "model.onnx");
}

TEST(SummaryTable, ShowsTheTensorsThatLoseMost) {
  Summary summary;
  for (int i = 0; i < 11; ++i) {
    summary.tensors.push_back(tensor("t" + std::to_string(i), 100 - i));
  }
  summary.tensors.push_back(tensor("zeros", std::nullopt));
  summary.tensors.push_back(tensor("lossless", kInfinity));
  const std::string table = to_table(summary);
  EXPECT_THAT(table, HasSubstr("\n\ntensors (8 of 13, worst first) "));
  EXPECT_THAT(names_below("tensors (", table),
              ElementsAre("t10", "t9", "t8", "t7", "t6", "t5", "t4", "t3"));
}

TEST(SummaryTable, LeavesOutTensorsThatSayNothingOfTheirOwn) {
  Summary summary;
  summary.tensors = {tensor("shared", 1), tensor("unseen", 2)};
  summary.tensors[0].root = "other";
  summary.tensors[1].count = 0;
  EXPECT_THAT(to_table(summary), Not(HasSubstr("tensors (")));
  summary.tensors.push_back(tensor("own", 3));
  EXPECT_THAT(names_below("tensors (", to_table(summary)), ElementsAre("own"));
}

TEST(SummaryTable, ARowHasRangeScaleZeroPointClippingAndError) {
  Summary summary;
  summary.tensors = {tensor("a", 41.26), tensor("b", kInfinity), tensor("c", std::nullopt)};
  const auto rows = lines(to_table(summary));
  ASSERT_THAT(rows, SizeIs(11));
  EXPECT_EQ(rows[8],
            "a                                                   [-1.5, 2.25]      0.0147"
            "    102    1.250%     41.3");
  EXPECT_THAT(rows[9], testing::EndsWith("    exact"));
  EXPECT_THAT(rows[10], testing::EndsWith("        -"));
}

TEST(SummaryTable, LimitsTheNodesThatStayFloat) {
  Summary summary;
  for (int i = 0; i < 8; ++i) {
    summary.float_nodes.push_back({"n" + std::to_string(i), "Gemm", "is too small"});
  }
  const std::string heading = "nodes that stay float";
  EXPECT_THAT(names_below(heading, to_table(summary)), SizeIs(8));
  EXPECT_THAT(to_table(summary), Not(HasSubstr("more")));
  EXPECT_THAT(to_table(summary), HasSubstr(" Gemm: is too small\n"));
  summary.float_nodes.push_back({"n8", "Conv", "has no constant weight"});
  summary.float_nodes.push_back({"n9", "Conv", "has no constant weight"});
  EXPECT_THAT(to_table(summary), Not(HasSubstr("n8")));
  EXPECT_THAT(to_table(summary), HasSubstr("\n... and 2 more (see --summary)\n"));
}

TEST(SummaryTable, SaysOnHowManySamplesTheErrorIsAndWhatElseIsToKnow) {
  Summary summary;
  summary.held_out_count = 10;
  summary.outputs = {{"y", 30.04, 0.9987654321, 0.125}};
  summary.notes = {"first", "second"};
  const std::string table = to_table(summary);
  EXPECT_THAT(table, HasSubstr("\nerror on 10 samples that were not used for calibration\n" +
                               outputs_table(summary.outputs)));
  EXPECT_THAT(table, testing::EndsWith("\nnote: first\n\nnote: second\n"));
}

TEST(SummaryTable, EndsWithTheVerdict) {
  Summary summary;
  summary.notes = {"a note"};
  summary.data_checks = {{"few_samples", "3 samples are few"}};
  summary.verdict.level = VerdictLevel::kPoor;
  summary.verdict.reasons = {"it is bad", std::string(60, 'a') + " " + std::string(60, 'b')};
  summary.verdict.hints = {"rangefinder quantize " + std::string(100, 'c') + " --min-sqnr 25"};
  EXPECT_THAT(to_table(summary),
              testing::EndsWith("\nnote: a note\n\ndata      3 samples are few\n\nVERDICT   POOR\n"
                                "        - it is bad\n        - " +
                                std::string(60, 'a') + "\n          " + std::string(60, 'b') +
                                "\ntry       rangefinder quantize " + std::string(100, 'c') +
                                " --min-sqnr 25\n"))
      << "a command stays one line, to be copied";
  summary.verdict = {std::nullopt, {"no sample was held out"}, {}};
  EXPECT_THAT(to_table(summary),
              testing::EndsWith("\nVERDICT   NONE\n        - no sample was held out\n"));
}

TEST(SummaryTable, TellsTheLatency) {
  Summary summary;
  summary.latency = LatencyRow{.float_us = 2000, .int8_us = 512.4, .runs = 11};
  EXPECT_THAT(to_table(summary),
              HasSubstr("\nlatency   2 ms float, 0.512 ms int8 (0.26x) on one thread\n"));
}

TEST(OutputsTable, SaysWhatAnOutputIsJudgedBy) {
  OutputRow row{.name = "boxes", .sqnr_db = 2, .cosine = 1, .max_abs_error = 1};
  row.judged_at = {{.name = "scores", .sqnr_db = 31.54, .sqnr_bound_db = 30.26},
                   {.name = "corners", .sqnr_db = 40}};
  row.selected_by = "nms";
  row.same_top_share = 0.875;
  EXPECT_THAT(lines(outputs_table({row})),
              ElementsAre(StartsWith("outputs"), StartsWith("boxes"),
                          "  judged by 'scores': 31.5 dB, 30.3 at the least",
                          "  judged by 'corners': 40.0 dB, - at the least",
                          "  the largest of a row is the same in 87.50% of the rows"));
  row.selected_by = "";
  EXPECT_THAT(outputs_table({row}), HasSubstr("\n  part 'scores': 31.5 dB"));
}

TEST(OutputsTable, HasARowPerOutput) {
  const auto rows = lines(outputs_table({{"y", 30.04, 0.9987654321, 0.125},
                                         {"same", kInfinity, 1, 0},
                                         {"broken", std::nan(""), 0, 7}}));
  ASSERT_THAT(rows, SizeIs(4));
  EXPECT_EQ(rows[0], "outputs                                   SQNR dB     cosine  max abs error");
  EXPECT_EQ(rows[1], "y                                            30.0   0.998765          0.125");
  EXPECT_EQ(rows[2], "same                                        exact   1.000000              0");
  EXPECT_THAT(rows[3], HasSubstr("     -  "));
}

TEST(OutputsTable, TellsBelowARowWhatItsFiguresDoNot) {
  OutputRow some{"boxes", 30, 1, 0.5, 7, 4, 2, 0.875};
  const double none = std::nan("");
  OutputRow nothing{.name = "keep", .sqnr_db = none, .cosine = none, .max_abs_error = none};
  nothing.shape_mismatch_count = 6;
  nothing.reason = "another shape on all 6 samples";
  EXPECT_THAT(
      lines(outputs_table({some, nothing, {"y", 30, 1, 0.5, 0, 6, 0, 1.0}})),
      ElementsAre(StartsWith("outputs"), StartsWith("boxes"),
                  "  another shape on 2 of 6 samples, compared on the others",
                  "  7 pairs of values left out, NaN or infinite in one of them",
                  "  87.50% of the values are equal",
                  "keep                                            -          -              -",
                  "  not compared: another shape on all 6 samples", StartsWith("y ")));
}

TEST(OutputsTable, EndsWithTheSamplesThatWereLeftOut) {
  std::vector<LeftOutRow> samples(8, {"a.npy", "is cut short"});
  EXPECT_THAT(outputs_table({}, samples), testing::EndsWith("\nleft out  a.npy: is cut short\n"));
  samples.resize(10);
  EXPECT_THAT(outputs_table({}, samples), testing::EndsWith("\n... and 2 samples more\n"));
  Summary summary;
  summary.held_out_count = 10;
  summary.outputs = {{"y", 30, 1, 0.5}};
  summary.left_out = {{"a.npy", "is cut short"}};
  EXPECT_THAT(to_table(summary), HasSubstr("\nerror on 9 samples that"));
  EXPECT_THAT(to_table(summary), HasSubstr("left out  a.npy"));
}

TEST(OutputsTable, KeepsTheEndsOfLongNames) {
  const std::string name = "/model/block/" + std::string(30, 'a') + "/conv_output_0";
  const auto rows = lines(outputs_table({{name, 1, 1, 1}, {std::string(40, 'b'), 1, 1, 1}}));
  EXPECT_THAT(rows[1], StartsWith("..." + name.substr(name.size() - 37) + " "));
  EXPECT_THAT(rows[2], StartsWith(std::string(40, 'b') + " ")) << "it just fits";
  EXPECT_EQ(rows[1].size(), rows[2].size());
}

TEST(SummaryTable, ShowsForeignNamesSafely) {
  const std::string name = "a\x1b[2J\nb\xFF";
  Summary summary;
  summary.model = summary.output = name;
  summary.tensors = {{.name = name, .root = name, .count = 1}};
  summary.float_nodes = {{name, name, name}};
  summary.notes = {name};
  summary.outputs = {{name, 1, 1, 1}};
  const std::string text = to_table(summary);
  EXPECT_THAT(text, HasSubstr("a\\x1b[2J\\nb\\xff"));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
  EXPECT_THAT(text, Not(HasSubstr("\xFF")));
  EXPECT_THAT(text, Not(HasSubstr("\nb")));
}

TEST(OutputsTable, CutsNoCharacterInTwo) {
  std::string name = "x";
  for (int i = 0; i < 30; ++i) name += "\u00e9";
  EXPECT_THAT(outputs_table({{name, 1, 1, 1}}), HasSubstr("...\u00e9"));
  EXPECT_THAT(outputs_table({{name + "x", 1, 1, 1}}), HasSubstr("...\u00e9"));
}

}  // namespace
}  // namespace rangefinder::report
