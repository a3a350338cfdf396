#include "passes/lookup_tables.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "exporters/qdq.h"
#include "graph/constants.h"
#include "support/onnx_builder.h"
#include "support/quantized_model.h"

namespace rangefinder::passes {
namespace {

using test_support::OnnxBuilder;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr int64_t kRows = 300;
constexpr int64_t kColumns = 64;

/// Rows of a table are looked up and multiplied by a matrix.
OnnxBuilder embedding(int64_t rows = kRows) {
  OnnxBuilder b;
  b.input("ids", {2, 5}, onnx::TensorProto::INT64);
  b.weights("words", {rows, kColumns}, 0.5f);
  b.node("Gather", {"words", "ids"}, {"rows"});
  b.weights("w", {kColumns, 8}, 0.2f);
  b.node("MatMul", {"rows", "w"}, {"y"});
  b.output("y", {2, 5, 8});
  return b;
}

std::vector<LookupTable> find(const OnnxBuilder& builder,
                              const std::unordered_set<std::string>& excluded = {}) {
  OnnxBuilder b = builder;
  const auto prepared = test_support::prepare(b.model());
  onnx::ModelProto model = prepared.model;
  graph::Graph graph(model);
  const auto annotation = annotate(graph, prepared.infos, targets::find_target("ort-cpu"));
  return find_lookup_tables(graph, annotation, excluded);
}

QuantizedTable quantized(const std::vector<float>& values, int64_t rows, int64_t columns) {
  OnnxBuilder b;
  b.initializer("t", {rows, columns}, values);
  const graph::Graph graph(b.model());
  return quantize_table(graph, {.name = "t"});
}

std::vector<float> ramp(int64_t rows, int64_t columns) {
  std::vector<float> values;
  for (int64_t i = 0; i < rows * columns; ++i) {
    values.push_back(static_cast<float>(std::sin(0.37 * static_cast<double>(i))));
  }
  return values;
}

TEST(LookupTables, AnEmbedding) {
  const auto tables = find(embedding());
  ASSERT_EQ(tables.size(), 1u);
  EXPECT_EQ(tables[0].name, "words");
  EXPECT_THAT(tables[0].gathers, ElementsAre("Gather_rows"));
  EXPECT_THAT(tables[0].obstacle, IsEmpty());
}

TEST(LookupTables, ASmallOneIsNotWorthANode) {
  EXPECT_THAT(find(embedding(kLeastTableBytes / 4 / kColumns)), testing::SizeIs(1));
  EXPECT_THAT(find(embedding(kLeastTableBytes / 4 / kColumns - 1)), IsEmpty());
}

TEST(LookupTables, TwoThatReadOneTableShareIt) {
  OnnxBuilder b = embedding();
  b.input("more", {3}, onnx::TensorProto::INT64);
  b.node("Gather", {"words", "more"}, {"z"});
  b.output("z", {3, kColumns});
  const auto tables = find(b);
  ASSERT_EQ(tables.size(), 1u);
  EXPECT_THAT(tables[0].gathers, ElementsAre("Gather_rows", "Gather_z"));
}

TEST(LookupTables, TheLastLayerOfTiedWeightsHasCodesOfItsOwn) {
  OnnxBuilder b = embedding();
  b.input("x", {2, kColumns});
  b.node("Gemm", {"x", "words"}, {"logits"}).integer("transB", 1);
  b.output("logits", {2, kRows});
  const auto tables = find(b);
  ASSERT_EQ(tables.size(), 1u);
  EXPECT_THAT(tables[0].obstacle, IsEmpty());
}

TEST(LookupTables, WhatElseReadsItNeedsItAsItIs) {
  OnnxBuilder b = embedding();
  b.input("x", {kRows, kColumns});
  b.node("Mul", {"x", "words"}, {"z"});
  b.output("z", {kRows, kColumns});
  EXPECT_EQ(find(b)[0].obstacle, "is read by Mul 'Mul_z', too");
  EXPECT_EQ(find(embedding(), {"Gather_rows"})[0].obstacle, "its Gather 'Gather_rows' is excluded");
}

TEST(LookupTables, ColumnsAreNoRows) {
  OnnxBuilder b;
  b.input("ids", {5}, onnx::TensorProto::INT64);
  b.weights("words", {kColumns, kRows}, 0.5f);
  b.node("Gather", {"words", "ids"}, {"columns"}).integer("axis", 1);
  b.weights("w", {5, 8}, 0.2f);
  b.node("MatMul", {"columns", "w"}, {"y"});
  b.output("y", {kColumns, 8});
  EXPECT_THAT(find(b), IsEmpty());
}

TEST(QuantizeTable, EveryValueIsWithinHalfAStepOfItsColumn) {
  auto values = ramp(kRows, 3);
  for (size_t i = 0; i < values.size(); i += 3) values[i] *= 100;  // a column of its own size
  const QuantizedTable table = quantized(values, kRows, 3);
  ASSERT_THAT(table.table.obstacle, IsEmpty());
  const auto codes = graph::read_constant(table.codes);
  ASSERT_EQ(codes.shape(), (tensor::Shape{kRows, 3}));
  double signal = 0;
  double error = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    const float scale = table.scale[i % 3];
    const auto code = static_cast<float>(static_cast<int8_t>(codes.bytes()[i]));
    EXPECT_LE(std::abs(values[i] - code * scale), scale / 2 * 1.0001f) << i;
    EXPECT_EQ(code, std::nearbyint(values[i] / scale)) << i;
    signal += std::pow(values[i], 2);
    error += std::pow(values[i] - code * scale, 2);
  }
  EXPECT_NEAR(table.sqnr_db, 10 * std::log10(signal / error), 1e-3);
  EXPECT_GT(table.scale[0], 90 * table.scale[1]);
}

TEST(QuantizeTable, RowsThatWouldDrownKeepTheTableFloat) {
  auto values = ramp(kRows, kColumns);
  // A fiftieth of the rows is a thousandth of the others' size: less than half a code.
  for (size_t r = 0; r < kRows; r += 50) {
    for (size_t c = 0; c < kColumns; ++c) values[r * kColumns + c] *= 1e-3f;
  }
  const QuantizedTable table = quantized(values, kRows, kColumns);
  EXPECT_GT(table.sqnr_db, kLeastTableSqnr) << "the whole table says nothing";
  EXPECT_LT(table.row_sqnr_db, 1);
  EXPECT_THAT(table.table.obstacle, HasSubstr("its rows 0.0; 30 and 20 are needed"));
  EXPECT_THAT(table.codes.raw_data(), IsEmpty());
}

TEST(QuantizeTable, RowsAndColumnsOfZerosAreExact) {
  auto values = ramp(kRows, kColumns);
  for (size_t r = 0; r < kRows; ++r) values[r * kColumns + 5] = 0;
  for (size_t c = 0; c < kColumns; ++c) values[c] = 0;
  const QuantizedTable table = quantized(values, kRows, kColumns);
  EXPECT_THAT(table.table.obstacle, IsEmpty()) << "a row of zeros is no row that is lost";
  EXPECT_EQ(table.scale[5], 1);
  const QuantizedTable zeros = quantized(std::vector<float>(64), 8, 8);
  EXPECT_TRUE(std::isinf(zeros.sqnr_db));
  EXPECT_THAT(zeros.table.obstacle, IsEmpty());
}

TEST(QuantizeTable, NoScaleIsDenormalOrInfinite) {
  constexpr float kLargest = std::numeric_limits<float>::max();
  const QuantizedTable table = quantized({1e-44f, kLargest, -1e-44f, kLargest / 2}, 2, 2);
  EXPECT_EQ(table.scale[0], std::numeric_limits<float>::min());
  EXPECT_TRUE(std::isfinite(table.scale[1] * 127));
}

TEST(QuantizeTable, WhatIsNoNumberStaysFloat) {
  for (const float bad : {std::nanf(""), std::numeric_limits<float>::infinity()}) {
    auto values = ramp(8, 8);
    values[13] = bad;
    EXPECT_EQ(quantized(values, 8, 8).table.obstacle, "holds NaN or infinity");
  }
}

TEST(QuantizeTable, TheModelLooksUpCodesAndGivesNearlyTheSame) {
  OnnxBuilder b = embedding();
  const auto prepared = test_support::prepare(b.model());
  onnx::ModelProto model = prepared.model;
  graph::Graph graph(model);
  const auto annotation = annotate(graph, prepared.infos, targets::find_target("ort-cpu"));
  std::vector<QuantizedTable> tables;
  for (auto& table : find_lookup_tables(graph, annotation)) {
    tables.push_back(quantize_table(graph, table));
  }
  const auto written = exporters::write_qdq(prepared, {}, {}, {}, tables);
  size_t floats = 0;
  for (const auto& constant : written.graph().initializer()) {
    if (constant.data_type() == onnx::TensorProto::FLOAT && constant.dims_size() == 2) ++floats;
  }
  EXPECT_EQ(floats, 1u) << "the matrix; no table of floats is left";
  const auto sample = test_support::random_sample(b.model(), 1);
  for (const auto level : {engine::OptimizationLevel::kNone, engine::OptimizationLevel::kAll}) {
    const auto expected = test_support::run(b.model(), sample).at("y").floats()[0];
    const auto found = test_support::run(written, sample, level).at("y").floats()[0];
    EXPECT_NEAR(found, expected, 0.02f * std::abs(expected) + 0.02f);
    EXPECT_NE(found, expected);
  }
}

}  // namespace
}  // namespace rangefinder::passes
