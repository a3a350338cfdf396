#include "rangefinder/statistics.h"

#include <array>
#include <numeric>
#include <stdexcept>

#include "api/fixture.h"

namespace rangefinder {
namespace {

using StatisticsApi = ApiTest;

TEST_F(StatisticsApi, TellsWhatWasSeen) {
  const Statistics statistics = observe(model(), memory(8), {.split = {.samples = 8}});
  const auto tensors = statistics.tensors();
  ASSERT_EQ(tensors.size(), 4u);
  EXPECT_EQ(tensors[0].name, "x");
  EXPECT_EQ(tensors[0].count, 8u * 3 * 8 * 8);
  EXPECT_LT(tensors[0].min, -2.9);
  EXPECT_GT(tensors[0].max, 2.9);
  uint64_t count = 0;
  double last = -1e30;
  for (const auto& [lower, upper, values] : statistics.histogram("x")) {
    EXPECT_GE(lower, last);
    last = upper;
    count += values;
  }
  EXPECT_EQ(count, tensors[0].count);
  EXPECT_EQ(statistics.model_fingerprint().size(), 16u);
  EXPECT_THROW(statistics.histogram("z"), std::invalid_argument);
}

TEST_F(StatisticsApi, GoesToAFileAndBackAndAddsUp) {
  const auto part = [&](size_t index) {
    return observe(model(), memory(6), {.split = {.samples = 6}, .shard = {index, 2}});
  };
  part(0).save(file("0.rfs"));
  part(1).save(file("1.rfs"));
  const std::array files = {file("0.rfs"), file("1.rfs")};
  const Statistics all = Statistics::load_all(files);
  EXPECT_EQ(all, observe(model(), memory(6), {.split = {.samples = 6}}));
  EXPECT_EQ(Statistics::parse(all.bytes()), all);
  Statistics copy = all;
  EXPECT_THROW(copy.merge(part(0)), Error) << "seen already";
  EXPECT_EQ(copy, all);
  EXPECT_THROW(Statistics::load_all({}), std::invalid_argument);
  EXPECT_THROW(Statistics::parse("rubbish"), Error);
}

}  // namespace
}  // namespace rangefinder
