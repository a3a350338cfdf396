#include <signal.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <random>
#include <sstream>
#include <thread>

#include "cli/fixture.h"

// Through the program, as mpirun starts it: any number of ranks writes what one process writes, and
// so do ranks that are killed. KILLS in the environment: how many times.

namespace rangefinder::mpi {
namespace {

using cli::Words;
using testing::HasSubstr;

class KeeperTest : public cli::ProgramTest {
 protected:
  KeeperTest() {
    // Runs as root, too, and with more ranks than cores.
    for (const char* name : {"OMPI_ALLOW_RUN_AS_ROOT", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"}) {
      ::setenv(name, "1", 1);
    }
    write_model();
    write_samples(21);
    write("rpu.json", R"({"forward": {"inp_res": 254}})");
  }

  static support::ProgramResult mpirun(size_t ranks, const Words& command,
                                       const Words& options = {}) {
    return support::run_program(
        MPIRUN, joined(joined({"--oversubscribe", "-n", std::to_string(ranks)}, options),
                       joined({RANGEFINDER_MPI_PROGRAM}, command)));
  }

  /// The processes of a rank of a run on files of this test.
  static constexpr char kWorker[] = "rangefinder-mpi";
  static constexpr char kKeeper[] = "mpi-keeper";

  /// 0 if there is none.
  pid_t process(const std::string& name, size_t rank) const {
    const auto text = [](const std::filesystem::path& file) {
      std::ostringstream all;
      all << std::ifstream(file).rdbuf();
      return all.str();
    };
    const std::string variable = "OMPI_COMM_WORLD_RANK=" + std::to_string(rank) + '\0';
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator("/proc", ignored)) {
      if (text(entry.path() / "comm") != name + "\n") continue;
      if (text(entry.path() / "cmdline").find(path("model.onnx")) == std::string::npos) continue;
      if (text(entry.path() / "environ").find(variable) == std::string::npos) continue;
      return static_cast<pid_t>(std::stol(entry.path().filename().string()));
    }
    return 0;
  }

  /// Kills a process of a rank once `is_time` says so, while mpirun runs; -1: not any more.
  support::ProgramResult mpirun_and_kill(size_t ranks, const Words& command, size_t rank,
                                         const std::function<bool()>& is_time,
                                         const std::string& name = kWorker,
                                         const Words& options = {}) const {
    support::ProgramResult result;
    std::atomic<bool> has_ended = false;
    {
      const std::jthread run([&] {
        result = mpirun(ranks, command, options);
        has_ended = true;
      });
      while (!has_ended && !is_time()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
      if (const pid_t victim = process(name, rank); victim != 0) ::kill(victim, SIGKILL);
    }
    return result;
  }
  /// Once the rank has saved something.
  std::function<bool()> when_saved(size_t rank) const {
    const std::string file = path(rank == 0 ? "run.ckpt" : "run.ckpt." + std::to_string(rank));
    return [file] { return std::filesystem::exists(file); };
  }
  /// Samples enough that a rank saves often before it has done its part.
  Words long_observe() {
    write_samples(400, {8, 1, 8, 8});
    return observe("all.rfs", {"--checkpoint", path("run.ckpt"), "--every", "1"});
  }
  void expect_nothing_but_results() const {
    for (const auto& entry : std::filesystem::directory_iterator(path(""))) {
      const std::string name = entry.path().filename().string();
      EXPECT_EQ(name.find("run.ckpt"), std::string::npos) << name;
      EXPECT_EQ(name.find("rangefinder-"), std::string::npos) << name;
    }
  }
  Words observe(const std::string& output, const Words& more = {}) const {
    return joined({"observe", path("model.onnx"), "--data", path("samples"), "--jobs", "1", "-o",
                   path(output)},
                  more);
  }

  void expect_same_bytes(const Words& command, const std::string& output) const {
    const auto alone = run_alone(joined(command, {"-o", path(output)}));
    ASSERT_EQ(alone.exit_code, 0) << alone.errors;
    const std::string expected = content(output);
    for (const size_t ranks : {1u, 2u, 4u, 8u}) {
      SCOPED_TRACE(ranks);
      std::filesystem::remove(path(output));
      const auto result = mpirun(ranks, joined(command, {"-o", path(output)}));
      EXPECT_EQ(result.exit_code, 0) << result.errors;
      EXPECT_TRUE(content(output) == expected);
    }
  }
};

TEST_F(KeeperTest, ObserveWritesTheBytesOfOneProcess) {
  expect_same_bytes({"observe", path("model.onnx"), "--data", path("samples")}, "all.rfs");
  EXPECT_THAT(mpirun(2, observe("all.rfs")).errors, HasSubstr("observed 19 samples\n"));
}

TEST_F(KeeperTest, QuantizeWritesTheBytesOfOneProcess) {
  expect_same_bytes({"quantize", path("model.onnx"), "--data", path("samples")}, "int8.onnx");
}

TEST_F(KeeperTest, AnalogCalibrateWritesTheBytesOfOneProcess) {
  for (const char* type : {"moving-quantile", "cache-quantile"}) {
    expect_same_bytes({"analog", "calibrate", path("model.onnx"), "--data", path("samples"),
                       "--type", type, "--rpu-config", path("rpu.json")},
                      "analog.onnx");
  }
}

TEST_F(KeeperTest, ARankThatFailsEndsTheRunAndIsNamed) {
  write("samples/99.npy", "no array");  // Of the last rank.
  const auto result = mpirun(3, observe("all.rfs", {"--held-out", "0"}));
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.errors, HasSubstr("rangefinder: rank 2 on "));
  EXPECT_THAT(result.errors, HasSubstr("99.npy"));
  EXPECT_FALSE(std::filesystem::exists(path("all.rfs")));
}

TEST_F(KeeperTest, ARankThatIsKilledEndsTheRunAndIsNamed) {
  const Words words = long_data();
  std::string list;  // More than a command line of mpirun may hold.
  for (size_t i = 1; i < words.size(); ++i) list += words[i] + "\n";
  const Words command = {"observe", path("model.onnx"), "--data", "@" + write("list.txt", list),
                         "-o",      path("all.rfs"),    "--jobs", "1"};
  for (const size_t victim : {1u, 0u}) {
    const auto result = mpirun_and_kill(3, command, victim, [&] {
      return process(kWorker, victim) != 0 && process(kKeeper, victim) != 0;
    });
    EXPECT_NE(result.exit_code, 0);
    EXPECT_THAT(result.errors,
                testing::ContainsRegex("rangefinder: rank " + std::to_string(victim) +
                                       " on [^ ]*: ended by signal 9"));
    EXPECT_FALSE(std::filesystem::exists(path("all.rfs")));
  }
}

TEST_F(KeeperTest, WithACheckpointTheOthersFinishAndResumeAddsTheRest) {
  const Words kept = long_observe();
  ASSERT_EQ(run_alone(observe("all.rfs")).exit_code, 0);
  const std::string expected = content("all.rfs");
  for (const size_t victim : {2u, 0u}) {
    std::filesystem::remove(path("all.rfs"));
    const auto result = mpirun_and_kill(3, kept, victim, when_saved(victim));
    EXPECT_NE(result.exit_code, 0);
    const std::string teller = victim == 0 ? "1" : "0";
    EXPECT_THAT(result.errors,
                testing::ContainsRegex("rangefinder: rank " + teller + " on [^ ]*: rank " +
                                       std::to_string(victim) + " on [^ ]*, ended by signal 9"));
    EXPECT_THAT(result.errors, testing::ContainsRegex("of 391 samples are saved in .*run.ckpt, "
                                                      "missing are [0-9]+ \\([0-9]+-[0-9]+"));
    EXPECT_THAT(result.errors, HasSubstr("the same command with --resume adds just those"));
    EXPECT_FALSE(std::filesystem::exists(path("all.rfs")));
    const Words resumed = joined(kept, {"--resume"});
    const auto rest = victim == 0 ? run_alone(resumed) : mpirun(2, resumed);
    EXPECT_EQ(rest.exit_code, 0) << rest.errors;
    EXPECT_THAT(rest.errors, HasSubstr("of 391 samples are done, going on"));
    EXPECT_TRUE(content("all.rfs") == expected);
    expect_nothing_but_results();
    EXPECT_EQ(run_alone(resumed).exit_code, 1) << "nothing is left to resume";
  }
}

TEST_F(KeeperTest, KilledAtAnyMomentTheSameBytesComeInTheEnd) {
  const char* wanted = std::getenv("KILLS");
  const size_t kills = wanted != nullptr ? std::strtoul(wanted, nullptr, 10) : 6;
  std::filesystem::create_directory(path("out"));
  const Words end = {"--checkpoint", path("run.ckpt"), "--every", "1"};
  const std::vector<Words> commands = {
      observe("out/all.rfs"),
      {"quantize", path("model.onnx"), "--data", path("samples"), "-o", path("out/all.rfs")},
      {"analog", "calibrate", path("model.onnx"), "--data", path("samples"), "--type",
       "cache-quantile", "--rpu-config", path("rpu.json"), "-o", path("out/all.rfs")}};
  write_samples(40, {8, 1, 8, 8});
  std::mt19937 random(1);
  for (const Words& command : commands) {
    ASSERT_EQ(run_alone(command).exit_code, 0);
    const std::string expected = content("out/all.rfs");
    using Clock = std::chrono::steady_clock;
    const auto began = Clock::now();
    ASSERT_EQ(mpirun(3, joined(command, end)).exit_code, 0);
    const auto whole = Clock::now() - began;
    std::filesystem::remove(path("out/all.rfs"));
    for (size_t kill = 0; kill < kills; ++kill) {
      const size_t ranks = 2 + random() % 3;
      const auto moment = Clock::now() + whole * (random() % 1000) / 1000;
      const auto is_time = [&] { return Clock::now() > moment; };
      mpirun_and_kill(ranks, joined(command, end), random() % ranks, is_time);
    }
    const auto rest = mpirun(2, joined(command, end));
    EXPECT_EQ(rest.exit_code, 0) << rest.errors;
    EXPECT_TRUE(content("out/all.rfs") == expected);
    expect_nothing_but_results();
    std::filesystem::remove(path("out/all.rfs"));
  }
}

TEST_F(KeeperTest, WhereMpirunGoesOnALostKeeperIsMissedToo) {
  const Words kept = long_observe();
  ASSERT_EQ(run_alone(observe("all.rfs")).exit_code, 0);
  const std::string expected = content("all.rfs");
  std::filesystem::remove(path("all.rfs"));
  ::setenv("RANGEFINDER_MPI_SILENCE", "2", 1);
  const auto result = mpirun_and_kill(3, kept, 1, when_saved(1), kKeeper, {"--enable-recovery"});
  ::unsetenv("RANGEFINDER_MPI_SILENCE");
  EXPECT_THAT(result.errors, HasSubstr(": rank 1 is not heard of any more; "));
  EXPECT_THAT(result.errors, HasSubstr("missing are "));
  EXPECT_FALSE(std::filesystem::exists(path("all.rfs")));
  EXPECT_EQ(run_alone(joined(kept, {"--resume"})).exit_code, 0);
  EXPECT_TRUE(content("all.rfs") == expected);
}

TEST_F(KeeperTest, WrongUsageIsSaidOnce) {
  const auto result = mpirun(3, {"observe"});
  EXPECT_EQ(result.exit_code, 2);
  const size_t first = result.errors.find("usage: ");
  EXPECT_NE(first, std::string::npos);
  EXPECT_EQ(result.errors.find("usage: ", first + 1), std::string::npos);
}

TEST_F(KeeperTest, WhatTheOthersDidIsKeptAndOnlyTheRestIsRun) {
  const Words command = observe("all.rfs", {"--held-out", "0"});
  ASSERT_EQ(run_alone(command).exit_code, 0);
  const std::string expected = content("all.rfs");
  std::filesystem::remove(path("all.rfs"));
  const Words kept = joined(command, {"--checkpoint", path("run.ckpt"), "--every", "1"});
  // The last sample cannot be read, and then it can; its size stays, so that the data is the same.
  const std::string good = content("samples/20.npy");
  write("samples/20.npy", std::string(good.size(), 'x'));
  EXPECT_EQ(mpirun(4, kept).exit_code, 1);
  write("samples/20.npy", good);
  EXPECT_TRUE(std::filesystem::exists(path("run.ckpt.3")));
  const auto result = mpirun(2, kept);
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_THAT(result.errors, HasSubstr("of 21 samples are done, going on"));
  EXPECT_TRUE(content("all.rfs") == expected);
  for (const char* name : {"run.ckpt", "run.ckpt.1", "run.ckpt.3"}) {
    EXPECT_FALSE(std::filesystem::exists(path(name))) << name;
  }
}

TEST_F(KeeperTest, OneRankWithOtherDataIsNamed) {
  write("other/0.npy", content("samples/0.npy"));
  Words command = {"--oversubscribe", "-n", "2", RANGEFINDER_MPI_PROGRAM};
  command = joined(command, observe("all.rfs"));
  command = joined(command, {":", "-n", "1", RANGEFINDER_MPI_PROGRAM, "observe", path("model.onnx"),
                             "--data", path("other"), "-o", path("all.rfs")});
  const auto result = support::run_program(MPIRUN, command);
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.errors, HasSubstr("rank 2: belongs to another run: data '1 samples"));
}

TEST_F(KeeperTest, ItKnowsOnlyWhatCanBeShared) {
  const auto result = mpirun(2, {"merge", path("a.rfs"), "-o", path("b.rfs")});
  EXPECT_EQ(result.exit_code, 2);
}

}  // namespace
}  // namespace rangefinder::mpi
