#include "rangefinder/compare.h"

#include "api/fixture.h"

namespace rangefinder {
namespace {

using testing::HasSubstr;

using CompareApi = ApiTest;

TEST_F(CompareApi, ComparesModelsInMemory) {
  const Model int8 = quantize(model(), memory(8)).model();
  const Comparison comparison =
      compare(model(), int8, memory(6), {.samples = 4, .measure_latency = true});
  EXPECT_EQ(comparison.sample_count, 4u);
  EXPECT_EQ(comparison.integer_nodes, 3u);
  EXPECT_GT(comparison.outputs.at(0).sqnr_db, 20);
  EXPECT_GT(comparison.latency->ratio(), 0);
  EXPECT_THAT(comparison.table(), HasSubstr("3 of 3"));
  EXPECT_THAT(comparison.json(), HasSubstr("\"samples\": 4"));
}

TEST_F(CompareApi, AStreamServesToo) {
  const Comparison comparison = compare(model(), model(), generator(3));
  EXPECT_EQ(comparison.sample_count, 3u);
  EXPECT_TRUE(std::isinf(comparison.outputs.at(0).sqnr_db));
  EXPECT_THROW(compare(model(), model(), generator(0)), Error);
}

}  // namespace
}  // namespace rangefinder
