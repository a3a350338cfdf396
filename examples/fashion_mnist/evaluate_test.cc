#include "fashion_mnist/evaluate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace rangefinder::examples {
namespace {

const std::filesystem::path kModels = RANGEFINDER_MODELS;
const std::filesystem::path kData = "/usr/share/datasets/fashion-mnist";

TEST(Evaluate, BothClassifiersAreAsGoodAsTheyWereTrained) {
  const auto test =
      read_labelled(kData / "t10k-images-idx3-ubyte.gz", kData / "t10k-labels-idx1-ubyte.gz");
  const auto results =
      evaluate({kModels / "fashion_cnn.onnx", kModels / "fashion_mbv2.onnx"}, test, {.rounds = 3});
  ASSERT_EQ(results.size(), 2u);
  EXPECT_EQ(results[0].image_count, 10000u);
  EXPECT_NEAR(results[0].top1_percent(), 92.16, 0.02);
  EXPECT_NEAR(results[1].top1_percent(), 91.83, 0.02);
  EXPECT_GT(results[0].microseconds, 0);
  EXPECT_EQ(results[0].bytes, std::filesystem::file_size(kModels / "fashion_cnn.onnx"));
}

TEST(Evaluate, TheTableComparesWithTheFirstModel) {
  const std::string text =
      table({{"float.onnx", 900, 1000, 4000, 200.0}, {"int8.onnx", 890, 1000, 1000, 100.0}});
  EXPECT_THAT(text, testing::ContainsRegex("float.onnx +90.00 +\\+0.00 +4.0 +1.00x +200.0 +1.00x"));
  EXPECT_THAT(text, testing::ContainsRegex("int8.onnx +89.00 +-1.00 +1.0 +0.25x +100.0 +0.50x"));
}

TEST(Evaluate, NeedsImagesAndModels) {
  EXPECT_THROW(evaluate({kModels / "fashion_cnn.onnx"}, {}), Error);
  EXPECT_THROW(
      evaluate({kModels / "none.onnx"}, {{{1, 28, 28}, std::vector<uint8_t>(784)}, {{1}, {0}}}),
      Error);
}

}  // namespace
}  // namespace rangefinder::examples
