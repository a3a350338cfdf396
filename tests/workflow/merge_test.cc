#include "workflow/merge.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <stdexcept>
#include <string>

#include "base/error.h"
#include "base/file.h"
#include "engine/temporary_folder.h"

namespace rangefinder::workflow {
namespace {

namespace fs = std::filesystem;
using statistics::SampleSet;
using statistics::StatisticsFile;
using testing::ElementsAre;
using testing::HasSubstr;

class MergeTest : public testing::Test {
 protected:
  fs::path file(const std::string& name) const { return folder_.path() / name; }

  /// What samples 0 to 99 but every tenth leave: the value of a sample is its index.
  static StatisticsFile seen(const std::vector<uint64_t>& samples) {
    StatisticsFile file{.model_fingerprint = 1, .plan_fingerprint = 2};
    statistics::ObservedTensor tensor{.name = "x", .channels = {{}}};
    for (const uint64_t sample : samples) {
      tensor.channels[0].add(std::vector<float>{static_cast<float>(sample)});
    }
    if (samples.empty()) tensor.channels.clear();
    if (!samples.empty()) file.samples[7] = SampleSet::of(samples);
    file.tensors = {tensor};
    return file;
  }
  static std::vector<uint64_t> calibration() {
    std::vector<uint64_t> samples;
    for (uint64_t i = 0; i < 100; ++i) {
      if (i % 10 != 9) samples.push_back(i);
    }
    return samples;
  }
  static StatisticsFile shard(size_t index, size_t count) {
    const auto all = calibration();
    std::vector<uint64_t> mine;
    for (size_t i = index; i < all.size(); i += count) mine.push_back(all[i]);
    StatisticsFile file = seen(mine);
    if (mine != all) file.whole[7] = SampleSet::of(all);
    return file;
  }
  std::vector<fs::path> write_shards(size_t count) const {
    std::vector<fs::path> files;
    fs::create_directories(file("shards"));
    for (size_t i = 0; i < count; ++i) {
      files.push_back(file(fmt::format("shards/{}.rfs", i)));
      statistics::write_statistics(files.back(), shard(i, count));
    }
    return files;
  }
  static std::string failure_of(const MergeRequest& request) {
    try {
      merge_files(request);
    } catch (const Error& error) {
      return error.what();
    }
    return "none";
  }

 private:
  engine::TemporaryFolder folder_;
};

TEST_F(MergeTest, ShardsOfAFolderGiveTheBytesOfOneProcess) {
  for (const size_t count : {1u, 2u, 7u, 90u, 120u}) {
    fs::remove_all(file("shards"));
    auto files = write_shards(count);
    const std::string whole = statistics::serialize(seen(calibration()));
    const Merged merged =
        merge_files({.inputs = {file("shards")}, .output = file("all.rfs"), .complete = true});
    EXPECT_EQ(merged.file_count, count);
    EXPECT_THAT(merged.gaps, ElementsAre());
    EXPECT_EQ(read_file(file("all.rfs")), whole) << count;
    std::ranges::reverse(files);
    EXPECT_EQ(statistics::serialize(merge_files({.inputs = files}).statistics), whole);
  }
}

TEST_F(MergeTest, SumsOfSumsAreTheSame) {
  const auto files = write_shards(5);
  merge_files({.inputs = {files[4], files[1]}, .output = file("a.rfs")});
  merge_files({.inputs = {files[0], files[2]}, .output = file("b.rfs")});
  const Merged all = merge_files({.inputs = {file("a.rfs"), files[3], file("b.rfs")}});
  EXPECT_EQ(all.statistics, seen(calibration()));
}

TEST_F(MergeTest, MissingShardsAreNamed) {
  auto files = write_shards(10);
  files.erase(files.begin() + 7);
  files.erase(files.begin() + 3);
  const Merged merged = merge_files({.inputs = files, .output = file("most.rfs")});
  EXPECT_THAT(merged.gaps,
              ElementsAre("18 of 90 samples of the data 0000000000000007 are missing: shards 3, 7 "
                          "of 10"));
  EXPECT_EQ(statistics::read_statistics(file("most.rfs")), merged.statistics);
  EXPECT_THAT(failure_of({.inputs = files, .output = file("none.rfs"), .complete = true}),
              HasSubstr("shards 3, 7 of 10"));
  EXPECT_FALSE(fs::exists(file("none.rfs")));
}

TEST_F(MergeTest, SamplesAreNamedWhereTheyAreNoShards) {
  statistics::write_statistics(file("a.rfs"), [] {
    StatisticsFile part = seen({0, 2, 3});
    part.whole[7] = SampleSet::of({0, 1, 2, 3, 4, 5, 8});
    return part;
  }());
  EXPECT_THAT(merge_files({.inputs = {file("a.rfs")}}).gaps,
              ElementsAre("4 of 7 samples of the data 0000000000000007 are missing: samples 1, "
                          "4-5, 8"));
}

TEST_F(MergeTest, EveryDuplicateIsNamedWithTheFileItRepeats) {
  auto files = write_shards(4);
  statistics::write_statistics(file("again.rfs"), shard(2, 4));
  statistics::write_statistics(file("half.rfs"), shard(1, 2));
  const std::string error = failure_of({.inputs = {files[0], files[1], files[2], files[3],
                                                   file("again.rfs"), files[0], file("half.rfs")},
                                        .output = file("sum.rfs")});
  EXPECT_THAT(error, HasSubstr("again.rfs: holds samples that were already counted, in '" +
                               files[2].string() + "': the same shard twice?"));
  EXPECT_THAT(error, HasSubstr("'" + files[0].string() + "' (as in '" + files[0].string() + "')"));
  EXPECT_THAT(error, HasSubstr("half.rfs' (as in '" + files[1].string() + "')"));
  EXPECT_FALSE(fs::exists(file("sum.rfs")));
}

TEST_F(MergeTest, WhatDoesNotBelongIsNamed) {
  const auto files = write_shards(3);
  StatisticsFile other = shard(1, 3);
  other.model_fingerprint = 9;
  statistics::write_statistics(file("other.rfs"), other);
  EXPECT_THAT(failure_of({.inputs = {files[0], file("other.rfs")}}),
              HasSubstr("other.rfs: was made from another model"));
  write_file(file("cut.rfs"), read_file(files[1]).substr(0, 40));
  EXPECT_THAT(failure_of({.inputs = {files[0], file("cut.rfs")}}),
              HasSubstr("cut.rfs: is truncated"));
  fs::create_directory(file("empty"));
  EXPECT_THAT(failure_of({.inputs = {file("empty")}}), HasSubstr("empty: no statistics files"));
  EXPECT_THROW(merge_files({}), std::invalid_argument);
  EXPECT_THAT(failure_of({.inputs = files, .output = files[1]}), HasSubstr("read by this run"));
}

TEST_F(MergeTest, CanBeStopped) {
  const auto files = write_shards(20);
  std::atomic<bool> stop = false;
  MergeRequest request{.inputs = files, .output = file("sum.rfs")};
  request.run.cancelled = &stop;
  request.run.progress = [&](const std::string&, size_t done, size_t total) {
    EXPECT_EQ(total, 20u);
    stop = done == 5;
  };
  EXPECT_EQ(failure_of(request), "interrupted");
  EXPECT_FALSE(fs::exists(file("sum.rfs")));
}

}  // namespace
}  // namespace rangefinder::workflow
