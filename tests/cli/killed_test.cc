// Commands that save how far they are, killed at random moments: the same command goes on and ends
// with the same bytes. KILLS in the environment: how many times each command is killed.

#include <chrono>
#include <cstdlib>
#include <random>

#include "cli/fixture.h"

namespace rangefinder::cli {
namespace {

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
  // Killed, but not before something was saved.
  unsigned wait = 1000;
  while (!std::filesystem::exists(path("out/run.ckpt"))) {
    support::kill_program(RANGEFINDER_PROGRAM, with_checkpoint(observe), wait);
    std::filesystem::remove(path("out/all.rfs"));
    wait = wait + wait / 4;
  }
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

TEST_F(Killed, WrongUsageIsExitCode2) {
  const Words observe = {"observe", path("model.onnx"), "--data", path("samples"),
                         "-o",      path("out/all.rfs")};
  expect_failure(joined(observe, {"--every", "3"}), 2, {"--checkpoint"});
  expect_failure(joined(observe, {"--checkpoint", path("c"), "--every", "0"}), 2, {"--every"});
  expect_failure(joined(observe, {"--checkpoint", path("out/all.rfs")}), 1, {"another result"});
  expect_failure(joined(observe, {"--checkpoint", path("model.onnx")}), 1, {"read by this run"});
}

}  // namespace
}  // namespace rangefinder::cli
