#include "refine/weight_channels.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <utility>
#include <vector>

#include "support/onnx_builder.h"

namespace rangefinder::refine {
namespace {

using test_support::OnnxBuilder;
using testing::ElementsAre;
using testing::Pair;

/// Input and output of each element.
std::vector<std::pair<size_t, size_t>> pairs_of(const std::string& op_type,
                                                const std::vector<int64_t>& dims, int64_t group = 0,
                                                bool is_transposed = false) {
  OnnxBuilder b;
  auto node = b.node(op_type, {"x", "w"}, {"y"});
  if (group > 0) node.integer("group", group);
  if (is_transposed) node.integer("transB", 1);
  onnx::TensorProto weight;
  for (const int64_t dim : dims) weight.add_dims(dim);
  const WeightChannels channels(node.proto(), weight);
  std::vector<std::pair<size_t, size_t>> pairs;
  for (size_t i = 0; i < channels.element_count(); ++i) {
    pairs.emplace_back(channels.input_of(i), channels.output_of(i));
    EXPECT_LT(channels.input_of(i), channels.input_count());
    EXPECT_LT(channels.output_of(i), channels.output_count());
  }
  return pairs;
}

TEST(WeightChannels, OfMatricesAreTheirRowsAndColumns) {
  EXPECT_THAT(pairs_of("MatMul", {2, 3}),
              ElementsAre(Pair(0, 0), Pair(0, 1), Pair(0, 2), Pair(1, 0), Pair(1, 1), Pair(1, 2)));
  EXPECT_EQ(pairs_of("Gemm", {2, 3}), pairs_of("MatMul", {2, 3}));
  EXPECT_THAT(pairs_of("Gemm", {3, 2}, 0, true),
              ElementsAre(Pair(0, 0), Pair(1, 0), Pair(0, 1), Pair(1, 1), Pair(0, 2), Pair(1, 2)));
}

TEST(WeightChannels, OfConvolutionsBeginWithOutputs) {
  EXPECT_THAT(pairs_of("Conv", {2, 2, 1, 2}),
              ElementsAre(Pair(0, 0), Pair(0, 0), Pair(1, 0), Pair(1, 0), Pair(0, 1), Pair(0, 1),
                          Pair(1, 1), Pair(1, 1)));
  EXPECT_THAT(pairs_of("ConvTranspose", {2, 2, 1}),
              ElementsAre(Pair(0, 0), Pair(0, 1), Pair(1, 0), Pair(1, 1)));
}

TEST(WeightChannels, OfGroupsBelongToEachOther) {
  EXPECT_THAT(pairs_of("Conv", {3, 1, 1}, 3), ElementsAre(Pair(0, 0), Pair(1, 1), Pair(2, 2)));
  EXPECT_THAT(pairs_of("Conv", {4, 1, 1}, 2),
              ElementsAre(Pair(0, 0), Pair(0, 1), Pair(1, 2), Pair(1, 3)));
  EXPECT_THAT(pairs_of("ConvTranspose", {4, 1, 1}, 2),
              ElementsAre(Pair(0, 0), Pair(1, 0), Pair(2, 1), Pair(3, 1)));
}

TEST(WeightChannels, AreRefusedWhereThereAreNone) {
  EXPECT_THROW(pairs_of("MatMul", {3}), std::invalid_argument);
  EXPECT_THROW(pairs_of("MatMul", {2, 3, 4}), std::invalid_argument);
  EXPECT_THROW(pairs_of("Conv", {3, 1, 1}, 2), std::invalid_argument);
}

}  // namespace
}  // namespace rangefinder::refine
