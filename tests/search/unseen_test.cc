#include "search/unseen.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "quantization/affine.h"
#include "search/mse.h"

namespace rangefinder::search {
namespace {

using quantization::AffineParameters;
using quantization::Grid;

statistics::TensorStatistics counts(const std::vector<float>& values) {
  statistics::TensorStatistics statistics;
  statistics.add(values);
  return statistics;
}

std::vector<float> exponential(size_t count, double scale, uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<float> values(count);
  for (float& value : values) {
    const double uniform = (static_cast<double>(random()) + 0.5) / 4294967296.0;
    value = static_cast<float>(-scale * std::log(uniform));
  }
  return values;
}

double error_on(const std::vector<float>& values, AffineParameters parameters, const Grid& grid) {
  const auto covered = quantization::covered_range(parameters, grid);
  double sum = 0;
  for (const double value : values) {
    const double clipped = std::min(std::max(value, covered.min), covered.max);
    const double restored = std::nearbyint(clipped / parameters.scale) * parameters.scale;
    sum += (value - restored) * (value - restored);
  }
  return sum / static_cast<double>(values.size());
}

/// Mean over draws of the error on values to come, with the range of those seen and with room.
struct Errors {
  double seen = 0;
  double with_room = 0;
  double with_double = 0;
};

Errors errors_to_come(size_t count) {
  const Grid grid;
  Errors errors;
  for (uint32_t draw = 0; draw < 40; ++draw) {
    const auto statistics = counts(exponential(count, 5, draw));
    const auto unseen = exponential(4000, 5, 1000 + draw);
    const double max = statistics.extrema.max;
    const double room = room_for_unseen(statistics, grid).above;
    const auto error = [&](double end) {
      return error_on(unseen, quantization::affine_from_range({0, end}, grid), grid);
    };
    errors.seen += error(max);
    errors.with_room += error(max + room);
    errors.with_double += error(2 * max);
  }
  return errors;
}

TEST(RoomForUnseen, ValuesToComeAreHardlyClipped) {
  const Errors errors = errors_to_come(44);
  EXPECT_GT(errors.seen, 20 * errors.with_room) << "the range of what was seen clips";
  const Errors more = errors_to_come(2000);
  EXPECT_GT(more.seen, 2 * more.with_room);
  EXPECT_LT(more.with_room, more.with_double) << "no wider than it pays";
}

/// (3), by hand: sixteen values, of which the two largest stand 3 and 1 above the third.
TEST(RoomForUnseen, SolvesTheFormula) {
  std::vector<float> values(13, 1.0f);
  for (const float value : {8.0f, 9.0f, 11.0f}) values.push_back(value);
  const double excess = 2;
  const double first = excess * std::log(12 * 255.0 * 255.0 * excess / (16 * 11.0));
  const double second = excess * std::log(12 * 255.0 * 255.0 * excess / (16 * (11.0 + first)));
  ASSERT_GT(second, 11) << "capped";
  EXPECT_EQ(room_for_unseen(counts(values), {}), (Room{0, 11}));
  // With four bits the steps are wide: w is what (3) says, but for half a bucket.
  const Grid four_bits{.quant_min = 0, .quant_max = 15};
  const double wide = excess * std::log(12 * 225.0 * excess / (16 * 11.0));
  const double solved = excess * std::log(12 * 225.0 * excess / (16 * (11.0 + wide)));
  EXPECT_NEAR(room_for_unseen(counts(values), four_bits).above, solved, 0.1);
}

TEST(RoomForUnseen, SidesMirror) {
  auto values = exponential(100, 3, 7);
  const Room above = room_for_unseen(counts(values), {});
  for (float& value : values) value = -value;
  const Room below = room_for_unseen(counts(values), {});
  EXPECT_GT(above.above, 0);
  EXPECT_EQ(above.below, 0) << "nothing lies there";
  EXPECT_DOUBLE_EQ(below.below, above.above);
  EXPECT_EQ(below.above, 0);
}

TEST(RoomForUnseen, AClipEndsWhereItEnds) {
  auto values = exponential(400, 3, 7);
  for (float& value : values) value = std::min(value, 4.0f);
  EXPECT_EQ(room_for_unseen(counts(values), {}), Room{});
}

TEST(RoomForUnseen, ALatticeThatIsRestoredExactlyStaysSo) {
  std::vector<float> pixels;
  for (int i = 0; i < 300; ++i) pixels.push_back(static_cast<float>(i * 37 % 251) / 255);
  EXPECT_EQ(room_for_unseen(counts(pixels), {}), Room{});
  for (size_t i = 0; i < pixels.size(); ++i) pixels[i] += 0.001f * static_cast<float>(i % 3);
  EXPECT_GT(room_for_unseen(counts(pixels), {}).above, 0) << "no lattice any more";
}

TEST(RoomForUnseen, ManyAndTooFewValuesGetNone) {
  EXPECT_EQ(room_for_unseen(counts(exponential(kLeastValues - 1, 3, 1)), {}), Room{});
  EXPECT_GT(room_for_unseen(counts(exponential(kLeastValues, 3, 1)), {}).above, 0);
  EXPECT_GT(room_for_unseen(counts(exponential(kFewValues, 3, 1)), {}).above, 0);
  EXPECT_EQ(room_for_unseen(counts(exponential(kFewValues + 1, 3, 1)), {}), Room{});
  EXPECT_EQ(room_for_unseen({}, {}), Room{});
  EXPECT_EQ(room_for_unseen(counts(std::vector<float>(64, 0.0f)), {}), Room{});
}

TEST(RoomForUnseen, NotFiniteValuesDoNotCount) {
  auto values = exponential(100, 3, 7);
  const Room room = room_for_unseen(counts(values), {});
  values.push_back(INFINITY);
  values.push_back(NAN);
  EXPECT_EQ(room_for_unseen(counts(values), {}), room);
}

TEST(RoomForUnseen, ABadGridIsRefused) {
  EXPECT_THROW(room_for_unseen({}, {.quant_min = 5, .quant_max = 5}), std::invalid_argument);
}

}  // namespace
}  // namespace rangefinder::search
