#include "statistics/codec.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "base/error.h"
#include "statistics/samples.h"

namespace rangefinder::statistics {
namespace {

template <class State>
std::string bytes_of(const State& state) {
  WireWriter writer;
  encode(state, writer);
  return writer.bytes();
}

template <class State, class Decode>
void expect_round_trip(const State& state, Decode decode) {
  const std::string bytes = bytes_of(state);
  WireReader reader(bytes, "f");
  EXPECT_TRUE(decode(reader) == state);
  EXPECT_TRUE(reader.at_end());
  for (size_t length = 0; length < bytes.size(); length += 1 + length / 16) {
    WireReader cut(std::string_view(bytes).substr(0, length), "f");
    EXPECT_THROW(decode(cut), Error) << length << " of " << bytes.size();
  }
}

TEST(Codec, TensorStatisticsRoundTrip) {
  TensorStatistics statistics;
  expect_round_trip(statistics, decode_tensor_statistics);
  EXPECT_EQ(bytes_of(statistics).size(), kMinTensorStatisticsBytes);
  statistics.add(mixed_values(5'000, 1, true));
  expect_round_trip(statistics, decode_tensor_statistics);
}

TEST(Codec, RowTopRoundTrips) {
  RowTop rows(3);
  expect_round_trip(rows, decode_row_top);
  for (uint32_t i = 0; i < 20; ++i) rows.add_row(mixed_values(2 + i % 5, i, i % 7 == 0));
  expect_round_trip(rows, decode_row_top);
}

TEST(Codec, BatchFiguresRoundTrip) {
  BatchFigures figures;
  expect_round_trip(figures, decode_batch_figures);
  Extrema extrema;
  extrema.add_range(-3, 1e-40f);
  figures.add(extrema);
  expect_round_trip(figures, decode_batch_figures);
}

TEST(Codec, ChannelSumsRoundTrip) {
  ChannelSums sums;
  expect_round_trip(sums, decode_channel_sums);
  for (int64_t i = 0; i < 12; ++i) {
    const std::vector<int64_t> entry = {0, 1, -1, 127 << i, -128 << i, i << 40, INT64_MIN};
    sums.add({static_cast<int>(20 * i) - 123, 9, entry});
    expect_round_trip(sums, decode_channel_sums);
  }
}

TEST(Codec, ChannelSpreadRoundTrips) {
  ChannelSpread spread;
  expect_round_trip(spread, decode_channel_spread);
  for (uint32_t i = 0; i < 5; ++i) {
    spread.add(mixed_values(12, i, true), 4);
    expect_round_trip(spread, decode_channel_spread);
  }
}

TEST(Codec, ChannelSpreadThatContradictsItselfIsRefused) {
  ChannelSpread spread;
  spread.add(std::vector<float>{1.0f, 0.0f}, 2);
  const std::string bytes = bytes_of(spread);
  const auto fails = [&](size_t at, char byte) {
    std::string other = bytes;
    other[at] = byte;
    WireReader reader(other, "f");
    EXPECT_THROW(decode_channel_spread(reader), Error) << at;
  };
  fails(0, 3);                   // More channels than bytes.
  fails(18, 0);                  // A range without values.
  fails(bytes.size() - 16, 0);   // No value of the octave is left.
  fails(bytes.size() - 17, 64);  // No such octave.
}

TEST(Codec, ChannelSumsAreSpelledInOneWay) {
  ChannelSums sums;
  const std::vector<int64_t> entry = {-3};
  sums.add({-21, 9, entry});  // -3 2^128 units.
  const std::string bytes = bytes_of(sums);
  const size_t at = bytes.find(std::string("\x10\x01\xFD"));
  ASSERT_NE(at, std::string::npos);
  const auto fails = [&](const std::string& spelled) {
    std::string other = bytes;
    other.replace(at, 3, spelled);
    WireReader reader(other, "f");
    EXPECT_THROW(decode_channel_sums(reader), Error);
  };
  fails(std::string("\x10\x02\xFD\xFF", 4));
  fails(std::string("\x0F\x02\x00\xFD", 4));
  fails(std::string("\x30\x01\xFD", 3));
  fails(std::string("\x10\x00", 2));
}

TEST(Codec, SampleSetsRoundTrip) {
  expect_round_trip(SampleSet(), decode_sample_set);
  expect_round_trip(SampleSet::of({0, 1, 2, 7, 300, 301, 1ull << 60}), decode_sample_set);
}

/// Fields of a tensor statistic, to be spoilt one at a time.
struct Fields {
  uint8_t has_range = 1;
  float min = 1;
  float max = 1;
  uint64_t octave = 127;
  uint64_t bits = 1;
  uint64_t count = 1;

  std::string bytes() const {
    WireWriter writer;
    for (int i = 0; i < 3; ++i) writer.varint(0);
    writer.u8(has_range);
    if (has_range != 0) {
      writer.f32(min);
      writer.f32(max);
    }
    writer.varint(0);
    writer.varint(1);
    writer.varint(octave);
    writer.u64(bits);
    writer.u64(0);
    writer.varint(count);
    return writer.bytes();
  }
};

TEST(Codec, RefusesStatisticsThatCannotBe) {
  const auto decode = [](const Fields& fields) {
    const std::string bytes = fields.bytes();
    WireReader reader(bytes, "f");
    return decode_tensor_statistics(reader);
  };
  EXPECT_EQ(decode({}).count(), 1u);
  EXPECT_THROW(decode({.has_range = 0}), Error);
  EXPECT_THROW(decode({.has_range = 2}), Error);
  EXPECT_THROW(decode({.min = 2}), Error);
  EXPECT_THROW(decode({.min = -0.0f}), Error);
  EXPECT_THROW(decode({.max = std::numeric_limits<float>::infinity()}), Error);
  EXPECT_THROW(decode({.octave = 255}), Error);
  EXPECT_THROW(decode({.octave = 512}), Error);
  EXPECT_THROW(decode({.bits = 0}), Error);
  EXPECT_THROW(decode({.count = 0}), Error);
}

}  // namespace
}  // namespace rangefinder::statistics
