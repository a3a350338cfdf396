#include "support/streams.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <stdexcept>

namespace rangefinder::support {
namespace {

struct Anchor {
  uint32_t seed;
  float min;
  float max;
  float first;
  double sum;
};

// Figures of the reference's own generator run for the stream "spike4".
TEST(Streams, RebuildTheReferencesFiguresBitForBit) {
  const Anchor anchors[] = {
      {1234, -8.150321960449219f, 4.8825531005859375f, -0.46640872955322266f, -127.25374507904053},
      {1235, -3.64117431640625f, 6.932994842529297f, -0.8922243118286133f, 175.7394781112671},
      {1236, -5.661235809326172f, 8.867977142333984f, -1.3180427551269531f, -12.267298698425293},
  };
  for (const Anchor& anchor : anchors) {
    const tensor::Tensor batch = stream_batch("spike4", anchor.seed, {4, 8, 16, 16});
    const auto values = batch.floats();
    EXPECT_EQ(*std::min_element(values.begin(), values.end()), anchor.min);
    EXPECT_EQ(*std::max_element(values.begin(), values.end()), anchor.max);
    EXPECT_EQ(values[0], anchor.first);
    EXPECT_EQ(std::accumulate(values.begin(), values.end(), 0.0), anchor.sum);
  }
}

TEST(Streams, AreAllKnownAndNoOthers) {
  EXPECT_EQ(stream_names().size(), 15u);
  for (const std::string& name : stream_names()) {
    EXPECT_EQ(stream_batch(name, 1, {2, 3}).element_count(), 6u);
  }
  EXPECT_THROW(stream_batch("pink", 1, {2}), std::invalid_argument);
}

}  // namespace
}  // namespace rangefinder::support
