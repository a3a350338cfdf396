#include "workflow/shared_pass.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <random>
#include <stdexcept>
#include <string>

#include "base/error.h"
#include "base/file.h"
#include "engine/temporary_folder.h"
#include "statistics/wire.h"
#include "support/local_ranks.h"

namespace rangefinder::workflow {
namespace {

using test_support::LocalRanks;
using testing::ElementsAre;
using testing::HasSubstr;

struct Killed {};

/// How often each place was seen.
class Places : public Gathering {
 public:
  void see(uint64_t place) {
    const std::lock_guard lock(mutex_);
    ++counts_[place];
  }
  std::string bytes() const override {
    statistics::WireWriter to;
    for (const auto& [place, count] : counts_) {
      to.varint(place);
      to.varint(count);
    }
    return to.bytes();
  }
  void add(std::string_view bytes, const std::string& from) override {
    statistics::WireReader reader(bytes, from);
    while (!reader.at_end()) {
      const uint64_t place = reader.varint();
      counts_[place] += reader.varint();
    }
  }
  void clear() override { counts_.clear(); }

  /// Each of 0 to count - 1 exactly once.
  bool are_all(uint64_t count) const {
    return counts_.size() == count && std::ranges::all_of(counts_, [&](const auto& seen) {
             return seen.first < count && seen.second == 1;
           });
  }

 private:
  std::mutex mutex_;
  std::map<uint64_t, uint64_t> counts_;
};

class SharedPassTest : public testing::Test {
 protected:
  std::filesystem::path file(const std::string& name = "run.ckpt") const {
    return folder_.path() / name;
  }
  PassOptions options(size_t every = 1, Communicator* ranks = nullptr) const {
    return {.checkpoint = {.file = file(), .every = every}, .ranks = ranks};
  }
  static PassSamples list(uint64_t count) {
    return {.feed = [next = uint64_t{0}, count]() mutable -> std::optional<engine::PendingSample> {
              if (next == count) return std::nullopt;
              return engine::PendingSample{std::to_string(next++), {}};
            },
            .count = count,
            .is_list = true};
  }
  /// `passed` tells the kind of data and how many were handed out.
  static PassSamples stream(uint64_t count, const std::string& kind = "a") {
    PassSamples samples = list(count);
    auto taken = std::make_shared<uint64_t>(0);
    samples.feed = [feed = samples.feed, taken] {
      auto sample = feed();
      if (sample) ++*taken;
      return sample;
    };
    samples.passed = [taken, kind] { return kind + std::to_string(*taken); };
    samples.is_list = false;
    samples.count = 0;
    return samples;
  }
  /// Runs until `most` samples are done, and then is killed.
  static void run(const PassOptions& options, PassSamples samples, Places& seen,
                  uint64_t most = UINT64_MAX, const RunIdentity& identity = {{"model", "a"}},
                  const RunControl& control = {.jobs = 2}) {
    SharedPass pass(options, identity, std::move(samples), seen, control);
    std::atomic<uint64_t> begun = 0;
    const uint64_t done = engine::for_each_sample(
        pass.feed(), 2, pass.control(), pass.stage("observe"),
        [&](size_t, uint64_t, const engine::PendingSample& sample) {
          if (++begun > most) throw Killed();
          seen.see(sample.place.value());
        },
        pass.rests());
    pass.finish(done);
  }
  /// The same with nothing but the checkpoint left.
  static bool survives(const PassOptions& options, const PassSamples& samples, Places& seen,
                       uint64_t most) {
    try {
      run(options, samples, seen, most);
      return true;
    } catch (const Killed&) {
      return false;
    }
  }
  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) {
      names.push_back(entry.path().filename().string());
    }
    std::ranges::sort(names);
    return names;
  }

 private:
  engine::TemporaryFolder folder_;
};

TEST_F(SharedPassTest, WithoutAnythingAllSamplesAreSeenOnce) {
  Places seen;
  run({}, list(20), seen);
  EXPECT_TRUE(seen.are_all(20));
  EXPECT_THAT(files(), ElementsAre());
}

TEST_F(SharedPassTest, GoesOnWhereItWasKilled) {
  std::mt19937 random(1);
  for (const uint64_t every : {1u, 3u, 7u}) {
    for (const bool is_list : {true, false}) {
      const auto samples = [&] { return is_list ? list(40) : stream(40); };
      size_t runs = 0;
      for (;; ++runs) {
        Places seen;
        if (!survives(options(every), samples(), seen, every + random() % 9)) continue;
        EXPECT_TRUE(seen.are_all(40));
        break;
      }
      EXPECT_GE(runs, 2u);
      EXPECT_THAT(files(), ElementsAre("run.ckpt"));
      Places again;
      run(options(every), samples(), again, 0);
      EXPECT_TRUE(again.are_all(40)) << "nothing is left to do";
      remove_checkpoint(options(every));
      EXPECT_THAT(files(), ElementsAre());
    }
  }
}

TEST_F(SharedPassTest, TellsWhatIsDoneAndCountsProgressOn) {
  Places seen;
  EXPECT_FALSE(survives(options(4), list(10), seen, 6));
  std::vector<std::string> told;
  RunControl control{.jobs = 1};
  control.notice = [&](const std::string& message) { told.push_back(message); };
  control.progress = [&](const std::string& stage, size_t done, size_t total) {
    if (told.size() == 1) {
      told.push_back(stage + " " + std::to_string(done) + "/" + std::to_string(total));
    }
  };
  Places rest;
  run(options(4), list(10), rest, 100, {{"model", "a"}}, control);
  EXPECT_THAT(
      told, ElementsAre(file().string() + ": 4 of 10 samples are done, going on", "observe 5/10"));
}

TEST_F(SharedPassTest, RanksShareTheSamples) {
  for (const size_t size : {1u, 2u, 3u, 8u}) {
    LocalRanks ranks(size);
    ranks.run([&](Communicator& mine) {
      Places seen;
      run({.ranks = &mine}, list(21), seen);
      EXPECT_TRUE(seen.are_all(21)) << "rank " << mine.rank() << " of " << size;
    });
  }
}

TEST_F(SharedPassTest, AnotherNumberOfRanksGoesOn) {
  constexpr uint64_t kCount = 200;
  std::mt19937 random(1);
  for (const size_t size : {8u, 2u, 5u, 1u}) {
    LocalRanks ranks(size);
    const uint64_t most = 1 + random() % 3;
    EXPECT_THROW(ranks.run([&](Communicator& mine) {
      Places seen;
      run(options(1, &mine), list(kCount), seen, most);
    }),
                 Killed);
  }
  LocalRanks ranks(3);
  ranks.run([&](Communicator& mine) {
    Places seen;
    run(options(1, &mine), list(kCount), seen);
    EXPECT_TRUE(seen.are_all(kCount));
  });
  Places alone;
  run(options(), list(kCount), alone, 0);
  EXPECT_TRUE(alone.are_all(kCount)) << "one process knows what ranks did";
  remove_checkpoint(options());
  EXPECT_THAT(files(), ElementsAre());
}

TEST_F(SharedPassTest, AFileThatWasTakenOverAndStayedIsPassedOver) {
  Places seen;
  EXPECT_FALSE(survives(options(2), list(10), seen, 4));
  write_file(file("run.ckpt.5"), read_file(file()));
  Places rest;
  run(options(2), list(10), rest);
  EXPECT_TRUE(rest.are_all(10));
  EXPECT_THAT(files(), ElementsAre("run.ckpt"));
}

TEST_F(SharedPassTest, FilesThatShareSomeSamplesAreRefused) {
  SavedRun saved{.run = {{"model", "a"}}, .done = statistics::SampleSet::of({0, 1})};
  write_file(file(), serialize(saved));
  saved.done = statistics::SampleSet::of({1, 2});
  write_file(file("run.ckpt.1"), serialize(saved));
  Places seen;
  EXPECT_THROW(run(options(), list(5), seen), Error);
  EXPECT_THAT(files(), ElementsAre("run.ckpt", "run.ckpt.1"));
}

std::string failure_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.what();
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "none";
}

TEST_F(SharedPassTest, WhatIsNoCheckpointOfThisRunIsRefusedAndStays) {
  Places seen;
  const auto failure = [&](PassSamples samples, const RunIdentity& identity) {
    return failure_of([&] { run(options(), std::move(samples), seen, 1000, identity); });
  };
  write_file(file(), "my notes");
  EXPECT_THAT(failure(list(5), {{"model", "a"}}), HasSubstr("run.ckpt: is not a checkpoint file"));
  EXPECT_EQ(read_file(file()), "my notes");
  std::filesystem::remove(file());
  EXPECT_FALSE(survives(options(), list(5), seen, 3));
  const std::string bytes = read_file(file());
  EXPECT_THAT(failure(list(5), {{"model", "b"}}),
              HasSubstr("run.ckpt: belongs to another run: model 'a' instead of 'b'"));
  EXPECT_THAT(failure(list(2), {{"model", "a"}}), HasSubstr("samples that the data has not"));
  EXPECT_EQ(read_file(file()), bytes);
  write_file(file(), bytes.substr(0, bytes.size() / 2));
  EXPECT_THAT(failure(list(5), {{"model", "a"}}), HasSubstr("run.ckpt: is truncated"));
}

TEST_F(SharedPassTest, AStreamMustBeginAsBefore) {
  Places seen;
  EXPECT_FALSE(survives(options(), stream(8), seen, 5));
  EXPECT_THAT(failure_of([&] { run(options(), stream(8, "b"), seen); }),
              HasSubstr("other data: the first 5 samples differ"));
  EXPECT_THAT(failure_of([&] { run(options(), stream(3), seen); }),
              HasSubstr("other data: 5 samples are done, the data has 3"));
  LocalRanks ranks(2);
  EXPECT_THAT(failure_of([&] {
                ranks.run([&](Communicator& mine) {
                  Places mine_seen;
                  run({.ranks = &mine}, stream(8), mine_seen);
                });
              }),
              HasSubstr("a stream cannot be shared by ranks"));
}

TEST_F(SharedPassTest, RanksOfDifferentRunsAreNamed) {
  LocalRanks ranks(4);
  EXPECT_EQ(
      failure_of([&] {
        ranks.run([&](Communicator& mine) {
          Places seen;
          run({.ranks = &mine}, list(8), seen, 100, {{"model", mine.rank() == 2 ? "b" : "a"}});
        });
      }),
      "rank 2: belongs to another run: model 'b' instead of 'a'");
}

/// What each rank's pass of 10 samples ends with, if rank 1 dies after 2 of its own.
std::vector<std::string> ends_of(LocalRanks& ranks, size_t size,
                                 const std::function<void(Communicator&, bool is_killed)>& pass) {
  std::vector<std::string> ends(size);
  EXPECT_THROW(ranks.run([&](Communicator& mine) {
    try {
      pass(mine, mine.rank() == 1);
    } catch (const Error& error) {
      ends[mine.rank()] = error.what();
      throw;
    }
  }),
               Killed);
  return ends;
}

TEST_F(SharedPassTest, TheOthersFinishAndTheFirstOfThemTellsWhatIsMissing) {
  LocalRanks ranks(3);
  const auto ends = ends_of(ranks, 3, [&](Communicator& mine, bool is_killed) {
    Places seen;
    run(options(1, &mine), list(12), seen, is_killed ? 1 : 100);
  });
  EXPECT_EQ(ends[0], "rank 1 has thrown; 9 of 12 samples are saved in " + file().string() +
                         ", missing are 3 (5-7); the same command with --resume adds just those");
  EXPECT_EQ(ends[2], "rank 1 has thrown; rank 0 tells what is missing");
  // Just that is run, by any number of ranks.
  PassOptions resumed = options();
  resumed.checkpoint.resume = true;
  require_checkpoint(file());
  Places rest;
  run(resumed, list(12), rest, 3);
  EXPECT_TRUE(rest.are_all(12));
}

TEST_F(SharedPassTest, WithoutACheckpointARankThatIsGoneEndsTheOthers) {
  LocalRanks ranks(3);
  const auto ends = ends_of(ranks, 3, [&](Communicator& mine, bool is_killed) {
    Places seen;
    run({.ranks = &mine}, list(12), seen, is_killed ? 1 : 100);
  });
  EXPECT_EQ(ends[0], "rank 1 is gone");
}

TEST_F(SharedPassTest, NothingToResumeIsAnErrorThatTellsWhatIsThere) {
  EXPECT_EQ(
      failure_of([&] { require_checkpoint(file()); }),
      file().string() +
          ": nothing to resume: there is no such checkpoint, so nothing was saved, or the run "
          "ended well; found in its folder: nothing");
  write_file(file("all.rfs"), "x");
  write_file(file("run.ckpt.old"), "x");
  EXPECT_THAT(failure_of([&] { require_checkpoint(file()); }),
              HasSubstr("in its folder: all.rfs, run.ckpt.old"));
  EXPECT_THAT(failure_of([&] { require_checkpoint(file("nowhere/run.ckpt")); }),
              HasSubstr("nowhere: nothing to resume: there is no such folder"));
  write_file(file("run.ckpt.3"), "x");
  EXPECT_NO_THROW(require_checkpoint(file())) << "a rank's is one";
}

TEST_F(SharedPassTest, WhatRanksLeftWhenKilledWhileSavingIsRemoved) {
  for (const char* name : {".run.ckpt.rangefinder-tmp-abcdef", ".run.ckpt.7.rangefinder-tmp-abcdef",
                           ".run.ckpt.7.rangefinder-old", ".other.rangefinder-tmp-abcdef"}) {
    write_file(file(name), "x");
  }
  Places seen;
  run(options(), list(4), seen);
  EXPECT_THAT(files(), ElementsAre(".other.rangefinder-tmp-abcdef", "run.ckpt"));
}

TEST_F(SharedPassTest, RanksOfDifferentBuildsAreNamed) {
  LocalRanks ranks(2);
  EXPECT_EQ(failure_of([&] {
              ranks.run([&](Communicator& mine) {
                const std::string version = mine.rank() == 1 ? "0.2.0" : "0.3.0";
                Places seen;
                run({.ranks = &mine}, list(8), seen, 100,
                    {{"program version", version}, {"ONNX Runtime", "1.29.0"}});
              });
            }),
            "rank 1: belongs to another run: program version '0.2.0' instead of '0.3.0'");
}

TEST_F(SharedPassTest, WithoutANumberAShortRunDoesNotSaveOnTheWay) {
  Places seen;
  EXPECT_FALSE(survives(options(0), list(100), seen, 90));
  EXPECT_THAT(files(), ElementsAre());
  Places all;
  run(options(0), list(100), all);
  EXPECT_THAT(files(), ElementsAre("run.ckpt")) << "what follows the pass may take long";
}

}  // namespace
}  // namespace rangefinder::workflow
