// Commands that save how far they are, killed at random moments: the same command goes on and ends
// with the same bytes. KILLS in the environment: how many times each command is killed.

#include <sys/mount.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <random>

#include "cli/fixture.h"

namespace rangefinder::cli {
namespace {

/// A folder that is a disk of its own, with so many bytes.
class SmallDisk {
 public:
  SmallDisk(std::string folder, size_t bytes) : folder_(std::move(folder)) {
    const std::string size = "size=" + std::to_string(bytes);
    is_there_ = ::mount("tmpfs", folder_.c_str(), "tmpfs", 0, size.c_str()) == 0;
  }
  ~SmallDisk() {
    if (is_there_) ::umount2(folder_.c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  bool is_there() const { return is_there_; }

 private:
  std::string folder_;
  bool is_there_;
};

class Killed : public ProgramTest {
 protected:
  Killed() {
    write_model();
    write_samples(20, {16, 1, 8, 8});
    write("rpu.json", R"({"forward": {"inp_res": 254}})");
    std::filesystem::create_directory(path("out"));
  }

  Words with_checkpoint(const Words& command) const {
    return joined(command, {"--checkpoint", path("out/run.ckpt"), "--every", "1"});
  }

  static size_t kill_count() {
    const char* wanted = std::getenv("KILLS");
    return wanted != nullptr ? std::strtoul(wanted, nullptr, 10) : 8;
  }

  /// Runs the command without checkpoints, returns what it wrote, and removes that.
  std::map<std::string, std::string> results(const Words& command) const {
    const auto result = run_alone(command);
    EXPECT_EQ(result.exit_code, 0) << result.errors;
    return take_results();
  }

  /// What lies in the folder of results, which is empty afterwards.
  std::map<std::string, std::string> take_results() const {
    std::map<std::string, std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator(path("out"))) {
      found[entry.path().filename().string()] = read_file(entry.path());
      std::filesystem::remove(entry.path());
    }
    return found;
  }

  /// Kills the command later and later, until something was saved; from the start again where it
  /// ended before it was killed.
  void leave_checkpoint(const Words& command) const {
    constexpr unsigned kSoon = 1000;
    unsigned wait = kSoon;
    while (!std::filesystem::exists(path("out/run.ckpt"))) {
      const auto ended = support::kill_program(RANGEFINDER_PROGRAM, with_checkpoint(command), wait);
      std::filesystem::remove(path("out/all.rfs"));
      wait = ended ? kSoon : wait + wait / 8;
    }
  }

  void expect_same_after_kills(const Words& command) const {
    using Clock = std::chrono::steady_clock;
    const auto expected = results(command);
    ASSERT_THAT(expected, testing::Not(testing::IsEmpty()));
    const auto began = Clock::now();
    EXPECT_EQ(run_alone(with_checkpoint(command)).exit_code, 0);
    const std::chrono::duration<double, std::micro> whole = Clock::now() - began;
    EXPECT_EQ(take_results(), expected) << "nothing is left of a run that ended well";
    std::mt19937 random(1);
    std::uniform_real_distribution<double> moment(0, 1.1 * whole.count());
    for (size_t kills = 0; kills < kill_count();) {
      const auto wait = static_cast<unsigned>(moment(random));
      const auto ended = support::kill_program(RANGEFINDER_PROGRAM, with_checkpoint(command), wait);
      if (!ended) {
        ++kills;
        continue;
      }
      EXPECT_EQ(ended->exit_code, 0) << ended->errors;
      EXPECT_TRUE(take_results() == expected) << "after " << kills << " kills";
    }
    EXPECT_EQ(run_alone(with_checkpoint(command)).exit_code, 0);
    EXPECT_TRUE(take_results() == expected);
  }
};

TEST_F(Killed, ObserveEndsWithTheSameBytes) {
  expect_same_after_kills(
      {"observe", path("model.onnx"), "--data", path("samples"), "-o", path("out/all.rfs")});
}

TEST_F(Killed, QuantizeEndsWithTheSameBytes) {
  expect_same_after_kills({"quantize", path("model.onnx"), "--data", path("samples"), "-o",
                           path("out/int8.onnx"), "--statistics", path("out/all.rfs")});
}

TEST_F(Killed, AnalogCalibrateEndsWithTheSameBytes) {
  // Of so few rows that later samples replace rows of earlier ones.
  const std::vector<Words> types = {
      {"moving-std"}, {"cache-quantile", "--max-samples", "50"}, {"mse"}};
  for (const Words& type : types) {
    expect_same_after_kills(
        joined({"analog", "calibrate", path("model.onnx"), "--data", path("samples"),
                "--rpu-config", path("rpu.json"), "-o", path("out/analog.onnx"), "--type"},
               type));
  }
}

TEST_F(Killed, WhatTheCheckpointIsOfIsCompared) {
  const Words observe = {"observe", path("model.onnx"), "--data", path("samples"),
                         "-o",      path("out/all.rfs")};
  const auto refused = [&](const Words& command, const Words& parts) {
    expect_failure(with_checkpoint(command), 1, joined({path("out/run.ckpt") + ": "}, parts));
  };
  leave_checkpoint(observe);
  const Words other_plan = joined(observe, {"--exclude", "Conv_c"});
  run(with_checkpoint(other_plan));  // Removes what the killed run left beside its checkpoint.
  refused(other_plan, {"another run: plan"});
  refused(joined(observe, {"--samples", "10"}), {"another run: data '18 samples"});
  refused(joined(observe, {"--nonfinite", "ignore"}), {"another run: nonfinite"});
  refused({"quantize", path("model.onnx"), "--data", path("samples"), "-o", path("out/int8.onnx")},
          {"another run: command 'observe' instead of 'quantize'"});
  write("samples/more.npy", support::stream_batch("normal", 7, {2, 1, 8, 8}));
  refused(observe, {"another run: data"});
  write_model("model.onnx", 0.25f);
  refused(observe, {"another run: model"});
  write("out/run.ckpt", "these are my notes");
  refused(observe, {"is not a checkpoint file"});
}

TEST_F(Killed, ResumeWantsSomethingToGoOnFrom) {
  const Words observe = {"observe", path("model.onnx"), "--data", path("samples"),
                         "-o",      path("out/all.rfs")};
  const auto expected = results(observe);
  const Words resume = joined(with_checkpoint(observe), {"--resume"});
  expect_failure(resume, 1, {path("out/run.ckpt") + ": nothing to resume", "folder: nothing"});
  for (const Words& command : std::vector<Words>{
           {"quantize", path("model.onnx"), "--data", path("samples"), "-o", path("out/int8.onnx")},
           {"analog", "calibrate", path("model.onnx"), "--data", path("samples"), "--type", "mse",
            "--rpu-config", path("rpu.json"), "-o", path("out/analog.onnx")}}) {
    expect_failure(joined(with_checkpoint(command), {"--resume"}), 1, {"nothing to resume"});
  }
  leave_checkpoint(observe);
  const auto rest = run_alone(resume);
  EXPECT_EQ(rest.exit_code, 0) << rest.errors;
  EXPECT_THAT(rest.errors, testing::HasSubstr("of 18 samples are done, going on"));
  EXPECT_EQ(take_results(), expected);
}

// Neither the times of files nor the time of day are looked at.
TEST_F(Killed, ClocksMayBeWrong) {
  const Words observe = {"observe", path("model.onnx"), "--data", path("samples"),
                         "-o",      path("out/all.rfs")};
  const auto expected = results(observe);
  for (const auto skew : {std::chrono::hours(-100'000), std::chrono::hours(100'000)}) {
    leave_checkpoint(observe);
    for (const auto& entry : std::filesystem::recursive_directory_iterator(path(""))) {
      std::filesystem::last_write_time(entry, std::filesystem::file_time_type::clock::now() + skew);
    }
    const auto rest = run_alone(with_checkpoint(observe));
    EXPECT_EQ(rest.exit_code, 0) << rest.errors;
    EXPECT_THAT(rest.errors, testing::HasSubstr("of 18 samples are done, going on"));
    EXPECT_EQ(take_results(), expected);
  }
}

// With room for a checkpoint, but not for the next one beside it.
TEST_F(Killed, AFullDiskKeepsTheCheckpointBefore) {
  const Words observe = {"observe", path("model.onnx"), "--data", path("samples"),
                         "-o",      path("all.rfs")};
  ASSERT_EQ(run_alone(observe).exit_code, 0);
  const std::string expected = content("all.rfs");
  leave_checkpoint(observe);
  const auto saved = std::filesystem::file_size(path("out/run.ckpt"));
  std::filesystem::remove(path("out/run.ckpt"));
  std::filesystem::remove(path("all.rfs"));
  const SmallDisk disk(path("out"), 16 << 10);
  if (!disk.is_there()) GTEST_SKIP() << "NOT RUN: a disk of its own needs root";
  ASSERT_LT(saved, 16u << 10);
  // Grows, so that from some checkpoint on there is no room for two.
  const std::string filler(saved / 2, 'x');
  size_t fillers = 0;
  support::ProgramResult full{};
  for (; full.exit_code == 0 && fillers < 100; ++fillers) {
    std::ofstream(path("out/filler" + std::to_string(fillers))) << filler << std::flush;
    std::filesystem::remove(path("all.rfs"));
    full = run_alone(with_checkpoint(observe));
  }
  EXPECT_EQ(full.exit_code, 1);
  EXPECT_THAT(full.errors, testing::HasSubstr(path("out/run.ckpt")));
  EXPECT_THAT(full.errors, testing::HasSubstr("No space left on device"));
  EXPECT_FALSE(std::filesystem::exists(path("all.rfs")));
  for (size_t i = 0; i < fillers; ++i) {
    std::filesystem::remove(path("out/filler" + std::to_string(i)));
  }
  ASSERT_TRUE(std::filesystem::exists(path("out/run.ckpt"))) << "the one before";
  const auto rest = run_alone(with_checkpoint(observe));
  EXPECT_EQ(rest.exit_code, 0) << rest.errors;
  EXPECT_THAT(rest.errors, testing::HasSubstr("of 18 samples are done, going on"));
  EXPECT_TRUE(content("all.rfs") == expected);
  EXPECT_THAT(take_results(), testing::IsEmpty());
}

TEST_F(Killed, WrongUsageIsExitCode2) {
  const Words observe = {"observe", path("model.onnx"), "--data", path("samples"),
                         "-o",      path("out/all.rfs")};
  expect_failure(joined(observe, {"--every", "3"}), 2, {"--checkpoint"});
  expect_failure(joined(observe, {"--resume"}), 2, {"--checkpoint"});
  expect_failure(joined(observe, {"--checkpoint", path("c"), "--every", "0"}), 2, {"--every"});
  expect_failure(joined(observe, {"--checkpoint", path("out/all.rfs")}), 1, {"another result"});
  expect_failure(joined(observe, {"--checkpoint", path("model.onnx")}), 1, {"read by this run"});
}

}  // namespace
}  // namespace rangefinder::cli
