#include "observers/ppq/minmax.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "observers/ppq/fixture.h"
#include "observers/ppq/percentile.h"

namespace rangefinder::observers::ppq {
namespace {

TEST(PpqMinMax, ReproducesTheAnchors) {
  EXPECT_EQ(scale_bits("minmax", symmetric()), 0x3d8e71aeu);
  EXPECT_EQ(scale_bits("minmax", asymmetric()), 0x3d88ae28u);
  EXPECT_EQ(scale_bits("minmax", power_of_2(symmetric())), bits(0.125f));
  EXPECT_EQ(scale_bits("minmax", symmetric(4)), 0x3f9758c9u);
  EXPECT_EQ(solve("minmax", power_of_2(asymmetric()), anchor_batches()).parameters[0].zero_point,
            122);
}

TEST(PpqMinMax, ReproducesTheAnchorsPerChannel) {
  std::vector<uint32_t> scales;
  for (const auto& p : solve("minmax", per_channel(symmetric(), 0), anchor_batches()).parameters) {
    scales.push_back(bits(p.scale));
  }
  EXPECT_THAT(scales, testing::ElementsAre(0x3d5eb9d2, 0x3cc26840, 0x3d8e71ae, 0x3d35deb7));
}

TEST(PpqMinMax, MergesExactly) {
  const auto batches = anchor_batches();
  const Config config = per_channel(asymmetric(), 1);
  MinMax first(config);
  MinMax second(config);
  first.observe(batches[0].view());
  second.observe(batches[1].view());
  second.observe(batches[2].view());
  first.merge(second);
  EXPECT_EQ(first.solve({}).parameters, solve("minmax", config, batches).parameters);
  EXPECT_THROW(first.merge(Percentile(symmetric(), .9)), std::invalid_argument);
}

}  // namespace
}  // namespace rangefinder::observers::ppq
