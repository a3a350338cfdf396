#include "statistics/statistics_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "statistics/samples.h"
#include "statistics/wire.h"

namespace rangefinder::statistics {
namespace {

using testing::HasSubstr;

constexpr uint64_t kData = 0xDA7A;

/// What a run over these samples of a model with four tensors leaves.
StatisticsFile run(const std::vector<uint64_t>& indices, uint64_t data = kData) {
  StatisticsFile file{.model_fingerprint = 1, .plan_fingerprint = 2};
  file.samples[data] = SampleSet::of(indices);
  file.tensors = {{.name = "input"},
                  {.name = "conv", .channel_axis = 1},
                  {.name = "logits",
                   .type = tensor::ElementType::kFloat16,
                   .row_top = RowTop(2),
                   .row_axis = -2,
                   .spread = ChannelSpread()},
                  {.name = "pooled", .sum_axis = 1, .holds_sums_alone = true}};
  for (const uint64_t index : indices) {
    const auto values = mixed_values(600, static_cast<uint32_t>(index), true);
    for (ObservedTensor& tensor : file.tensors) {
      if (tensor.holds_sums_alone) continue;
      tensor.channels.resize(tensor.channel_axis ? 3 : 1);
      tensor.batch_figures.resize(tensor.channel_axis ? 3 : 0);
      for (size_t c = 0; c < tensor.channels.size(); ++c) {
        TensorStatistics batch;
        batch.add(std::span(values).subspan(c * 200, 200));
        tensor.channels[c].merge(batch);
        if (tensor.channel_axis) tensor.batch_figures[c].add(batch.extrema);
      }
    }
    file.tensors[2].row_top->add(values, 10, 1);
    file.tensors[2].spread->add(values, 10);
    const std::vector<int64_t> sums = {static_cast<int64_t>(index), -7, int64_t{1} << 40};
    file.tensors[3].channel_sums.add({-20, 4, sums});
  }
  return file;
}

std::string failure(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing was thrown";
}

std::string parse_failure(const std::string& bytes) {
  return failure([&] { parse_statistics(bytes, "run.rfs"); });
}

/// The bytes with a head and checksum that fit them again.
std::string resealed(std::string bytes) {
  bytes.resize(bytes.size() - 8);
  WireWriter size;
  size.u64(bytes.size() + 8);
  bytes.replace(12, 8, size.bytes());
  WireWriter sum;
  sum.u64(checksum(bytes));
  return bytes + sum.bytes();
}

TEST(StatisticsFile, RoundTripsToTheSameBytes) {
  for (const StatisticsFile& file : {StatisticsFile(), run({}), run({4, 5, 9})}) {
    const std::string bytes = serialize(file);
    const StatisticsFile parsed = parse_statistics(bytes, "run.rfs");
    EXPECT_TRUE(parsed == file);
    EXPECT_EQ(serialize(parsed), bytes);
  }
  EXPECT_EQ(run({4, 5, 9}).sample_count(), 3u);
}

TEST(StatisticsFile, RoundTripsThroughAFile) {
  const auto path = std::filesystem::path(testing::TempDir()) / "statistics_file_test.rfs";
  write_statistics(path, run({1, 2}));
  EXPECT_TRUE(read_statistics(path) == run({1, 2}));
  std::filesystem::remove(path);
  EXPECT_THROW(read_statistics(path), Error);
}

TEST(StatisticsFile, KeepsTheAxisOfRows) {
  StatisticsFile file = run({1});
  const size_t size_with_axis = serialize(file).size();
  for (const int64_t axis : {int64_t{0}, int64_t{3}, int64_t{-4}, INT64_MIN, INT64_MAX}) {
    file.tensors[2].row_axis = axis;
    EXPECT_EQ(parse_statistics(serialize(file), "run.rfs").tensors[2].row_axis, axis);
  }
  file.tensors[2].row_axis = -1;
  EXPECT_LT(serialize(file).size(), size_with_axis) << "the last axis needs no section";
  EXPECT_TRUE(parse_statistics(serialize(file), "run.rfs") == file);
}

TEST(StatisticsFile, StillReadsTheFirstFormat) {
  // Written by the first version; a change that cannot read it needs a new format version.
  const std::string bytes = read_file(RANGEFINDER_TEST_DATA "/statistics/version1.rfs");
  const StatisticsFile file = parse_statistics(bytes, "version1.rfs");
  EXPECT_EQ(serialize(file), bytes);
  EXPECT_EQ(file.samples.at(3), SampleSet::of({0, 2, 3}));
  ASSERT_EQ(file.tensors.size(), 2u);
  EXPECT_EQ(file.tensors[0].name, "x");
  EXPECT_EQ(file.tensors[0].channels[0].count(), 6u);
  EXPECT_EQ(file.tensors[0].channels[0].extrema.max, 3e38f);
  EXPECT_EQ(file.tensors[0].row_top->row_count(), 2u);
  EXPECT_EQ(file.tensors[1].type, tensor::ElementType::kFloat16);
  EXPECT_EQ(file.tensors[1].batch_figures[0].mean_min(), -2);
}

TEST(StatisticsFile, ShardsInAnyOrderGiveTheBytesOfTheWholeRun) {
  const std::string whole = serialize(run({0, 1, 2, 3, 4, 5, 6}));
  const std::vector<StatisticsFile> shards = {run({0, 3, 6}), run({1, 4}), run({2, 5}), run({})};
  for (const std::vector<size_t>& order :
       {std::vector<size_t>{0, 1, 2, 3}, {3, 2, 1, 0}, {1, 3, 0, 2}}) {
    StatisticsFile merged = shards[order[0]];
    for (size_t i = 1; i < order.size(); ++i) merged.merge(shards[order[i]]);
    EXPECT_EQ(serialize(merged), whole);
  }
}

TEST(StatisticsFile, TakesOtherDataLater) {
  StatisticsFile file = run({0, 1});
  file.merge(run({0, 1, 2}, 77));
  EXPECT_EQ(file.sample_count(), 5u);
  EXPECT_EQ(file.samples.size(), 2u);
  StatisticsFile other_way = run({0, 1, 2}, 77);
  other_way.merge(run({0, 1}));
  EXPECT_EQ(serialize(other_way), serialize(file));
}

TEST(StatisticsFile, RefusesToMergeWhatDoesNotBelongTogether) {
  const auto refusal = [](const std::function<void(StatisticsFile&)>& change) {
    StatisticsFile file = run({0, 1});
    StatisticsFile other = run({2});
    change(other);
    const std::string message = failure([&] { file.merge(other, "b.rfs"); });
    EXPECT_TRUE(file == run({0, 1})) << "changed by a refused merge";
    EXPECT_THAT(message, HasSubstr("b.rfs"));
    return message;
  };
  EXPECT_THAT(refusal([](auto& f) { f.model_fingerprint = 9; }), HasSubstr("another model"));
  EXPECT_THAT(refusal([](auto& f) { f.plan_fingerprint = 9; }), HasSubstr("another plan"));
  EXPECT_THAT(refusal([](auto& f) { f = run({1}); }), HasSubstr("already counted"));
  EXPECT_THAT(refusal([](auto& f) { f.tensors.pop_back(); }), HasSubstr("3 tensors instead of 4"));
  EXPECT_THAT(refusal([](auto& f) { f.tensors[0].name = "x"; }), HasSubstr("'x' instead of"));
  EXPECT_THAT(refusal([](auto& f) { f.tensors[1].channels.pop_back(); }),
              HasSubstr("2 channels instead of 3"));
  EXPECT_THAT(refusal([](auto& f) { f.tensors[1].channel_axis = 2; }), HasSubstr("channel axis"));
  EXPECT_THAT(refusal([](auto& f) { f.tensors[2].row_top = RowTop(1); }), HasSubstr("row"));
  EXPECT_THAT(refusal([](auto& f) { f.tensors[2].row_axis = 1; }), HasSubstr("row"));
  EXPECT_THAT(refusal([](auto& f) { f.tensors[1].batch_figures.clear(); }), HasSubstr("batch"));
  EXPECT_THAT(refusal([](auto& f) { f.tensors[3].holds_sums_alone = false; }),
              HasSubstr("sums of other channels"));
  EXPECT_THAT(refusal([](auto& f) { f.tensors[3].sum_axis.reset(); }),
              HasSubstr("no sums of channels, which the other files have"));
  EXPECT_THAT(refusal([](auto& f) { f.tensors[0].sum_axis = 1; }),
              HasSubstr("sums of channels, which the other files lack"));
  EXPECT_THAT(refusal([](auto& f) { f.tensors[3].sum_axis = 2; }),
              HasSubstr("sums of other channels"));
  EXPECT_THAT(refusal([](auto& f) {
                f.tensors[3].channel_sums = {};
                f.tensors[3].channel_sums.add({0, 1, std::array<int64_t, 2>{1, 2}});
              }),
              HasSubstr("sums of 2 channels instead of 3"));
  EXPECT_THAT(refusal([](auto& f) { f.tensors[2].spread.reset(); }),
              HasSubstr("no counts of channels, which the other files have"));
  EXPECT_THAT(refusal([](auto& f) { f.tensors[1].spread.emplace(); }),
              HasSubstr("counts of channels, which the other files lack"));
  EXPECT_THAT(refusal([](auto& f) {
                f.tensors[2].spread.emplace();
                f.tensors[2].spread->add(std::vector<float>{1, 2}, 2);
              }),
              HasSubstr("counts of 2 channels instead of 10"));
}

TEST(StatisticsFile, NamesWhatIsWrongWithAFile) {
  const std::string good = serialize(run({0, 1}));
  EXPECT_THAT(parse_failure(""), HasSubstr("run.rfs: is empty"));
  EXPECT_THAT(parse_failure("\x08\x07some onnx model"), HasSubstr("not a statistics file"));
  EXPECT_THAT(parse_failure(good.substr(0, 5)), HasSubstr("truncated"));
  EXPECT_THAT(parse_failure(good.substr(0, 15)), HasSubstr("truncated"));
  EXPECT_THAT(parse_failure(good.substr(0, good.size() / 2)), HasSubstr("truncated"));
  EXPECT_THAT(parse_failure(good + "x"), HasSubstr("longer than it was written"));
  std::string later = good;
  later[8] = 3;
  EXPECT_THAT(parse_failure(later), HasSubstr("format 3, allowed is 1 to 2"));
  std::string other_bits = good;
  other_bits[20] = 10;
  EXPECT_THAT(parse_failure(resealed(other_bits)), HasSubstr("buckets of 10 mantissa bits"));
}

/// A shard of a run over these samples.
StatisticsFile shard(const std::vector<uint64_t>& indices, const std::vector<uint64_t>& whole) {
  StatisticsFile file = run(indices);
  if (indices.empty()) file.samples.clear();
  file.whole[kData] = SampleSet::of(whole);
  return file;
}

TEST(StatisticsFile, AShardKnowsWhatTheOthersSee) {
  const StatisticsFile file = shard({0, 3}, {0, 1, 2, 3, 4});
  EXPECT_TRUE(parse_statistics(serialize(file), "run.rfs") == file);
  EXPECT_EQ(file.missing(), (std::map<uint64_t, SampleSet>{{kData, SampleSet::of({1, 2, 4})}}));
  EXPECT_TRUE(run({0, 3}).missing().empty());
  // A program of before refuses it by its format, rather than lose that.
  EXPECT_EQ(serialize(file)[8], 2);
  EXPECT_EQ(serialize(run({0, 3}))[8], 1);
}

TEST(StatisticsFile, AllShardsAreWhatOneRunLeavesInAnyOrder) {
  const std::vector<uint64_t> all = {0, 1, 2, 3, 4};
  const std::vector<StatisticsFile> shards = {shard({0, 3}, all), shard({1, 4}, all),
                                              shard({2}, all), shard({}, all)};
  std::vector<size_t> order = {0, 1, 2, 3};
  do {
    StatisticsFile sum = shards[order[0]];
    for (size_t i = 1; i < 4; ++i) {
      // Nothing is missing once the last that holds samples is there.
      EXPECT_EQ(sum.missing().empty(), sum.sample_count() == 5);
      sum.merge(shards[order[i]]);
    }
    EXPECT_EQ(serialize(sum), serialize(run(all)));
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST(StatisticsFile, MoreDataLaterIsNoGap) {
  StatisticsFile sum = shard({0, 2}, {0, 1, 2});
  sum.merge(run({7, 8}, 99));
  EXPECT_EQ(sum.missing(), (std::map<uint64_t, SampleSet>{{kData, SampleSet::of({1})}}));
  sum.merge(run({1}));
  EXPECT_TRUE(sum.missing().empty());
  EXPECT_TRUE(sum.whole.empty());
}

TEST(StatisticsFile, AShardOfLessThanItHoldsIsNone) {
  for (const std::vector<uint64_t>& whole : {std::vector<uint64_t>{0, 1}, {0, 2, 3}}) {
    EXPECT_THROW(serialize(shard({0, 1}, whole)), std::invalid_argument);
  }
}

TEST(StatisticsFile, NoticesEveryFlippedBit) {
  std::string bytes = serialize(run({3}));
  for (size_t bit = 0; bit < bytes.size() * 8; bit += bit < 400 ? 1 : 61) {
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_THAT(parse_failure(bytes), HasSubstr("run.rfs")) << "bit " << bit;
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
  }
}

TEST(StatisticsFile, RefusesStatisticsItDoesNotKnow) {
  StatisticsFile file{.tensors = {{.name = "t"}}};
  std::string bytes = serialize(file);
  // In place of "no sections": one of kind 99 with no content.
  bytes.replace(bytes.size() - 9, 1, std::string("\x01\x63\x00", 3));
  EXPECT_THAT(parse_failure(resealed(bytes)), HasSubstr("statistics of kind 99"));
}

TEST(StatisticsFile, RefusesToWriteFiguresThatDoNotFitTheChannels) {
  StatisticsFile file = run({0});
  file.tensors[0].batch_figures.resize(2);
  EXPECT_THROW(serialize(file), std::invalid_argument);
  file = run({0});
  file.tensors[0].holds_sums_alone = true;
  EXPECT_THROW(serialize(file), std::invalid_argument) << "without sums";
  file.tensors[0].sum_axis = 1;
  EXPECT_THROW(serialize(file), std::invalid_argument) << "with counts";
  file = run({0});
  file.tensors[3].spread.emplace();
  EXPECT_THROW(serialize(file), std::invalid_argument) << "with counts of channels";
}

}  // namespace
}  // namespace rangefinder::statistics
