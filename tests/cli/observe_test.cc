// `rangefinder observe` as a user runs it.

#include <cmath>
#include <csignal>

#include "cli/fixture.h"

namespace rangefinder::cli {
namespace {

class Observe : public ProgramTest {
 protected:
  Observe() { write_model(); }

  Words command(const std::string& data, const Words& more = {}) const {
    return joined({"observe", path("model.onnx"), "--data", data, "-o", path("all.rfs")}, more);
  }
};

TEST_F(Observe, CountsWhatFlowsThroughTheModel) {
  const support::ProgramResult result = run(command(write_samples(11)));
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_EQ(result.output, "");
  EXPECT_EQ(result.errors, "observed 10 samples\n") << "one in ten is held out";
  const Json seen = json_of({"inspect", path("all.rfs"), "--json"});
  EXPECT_EQ(seen["samples"], 10);
  EXPECT_EQ(seen["tensors"][0]["name"], "x");
  EXPECT_EQ(seen["tensors"][0]["count"], 10 * 2 * 64);
}

TEST_F(Observe, TheSameSamplesGiveTheSameBytes) {
  const std::string data = write_samples(7);
  succeed(command(data, {"--jobs", "1"}));
  const std::string one = content("all.rfs");
  succeed(command(data, {"--jobs", "2"}));
  EXPECT_EQ(content("all.rfs"), one);
  succeed({"quantize", path("model.onnx"), "--data", data, "-o", path("int8.onnx"), "--statistics",
           path("kept.rfs")});
  EXPECT_EQ(content("kept.rfs"), one);
  succeed(command(data, {"--samples", "3"}));
  EXPECT_NE(content("all.rfs"), one);
}

TEST_F(Observe, WithoutAUsableGpuTheCpuIsTakenAndThatIsTold) {
  const std::string data = write_samples(5);
  succeed(command(data));
  const std::string on_cpu = content("all.rfs");
  EXPECT_EQ(run(command(data, {"--device", "cpu"})).errors, "observed 4 samples\n");
  // Of the fake driver's two devices each can be used, but no ONNX Runtime of a test has a
  // provider.
  ::setenv("FAKE_CUDA", "devices=2", 1);
  ::setenv("LD_LIBRARY_PATH", RANGEFINDER_FAKE_CUDA_FOLDER, 1);
  const auto result = run_alone(command(data, {"--device", "cuda:1"}));
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.errors,
              testing::StartsWith("rangefinder: cuda:1 cannot be used, the CPU is: "));
#if RANGEFINDER_HAS_KERNELS
  EXPECT_THAT(result.errors, testing::HasSubstr("no provider for CUDA"));
  const auto missing = run_alone(command(data, {"--device", "cuda:2"}));
  EXPECT_EQ(missing.exit_code, 1);
  EXPECT_EQ(missing.errors, "rangefinder: no CUDA device 2; the last one is 1\n");
#endif
  ::unsetenv("LD_LIBRARY_PATH");
  ::unsetenv("FAKE_CUDA");
  EXPECT_EQ(content("all.rfs"), on_cpu);
  expect_failure(command(data, {"--device", "gpu"}), 2, {"'gpu'", "cuda:N"});
}

TEST_F(Observe, WhatADeviceLacksIsToldAndTheCpuTaken) {
#if RANGEFINDER_HAS_KERNELS
  const std::string data = write_samples(5);
  succeed(command(data));
  const std::string on_cpu = content("all.rfs");
  ::setenv("LD_LIBRARY_PATH", RANGEFINDER_FAKE_CUDA_FOLDER, 1);
  const std::pair<const char*, const char*> kTroubles[] = {
      {"devices=0", "the CUDA driver finds no device\n"},
      {"fail=cuInit:999", "the CUDA driver does not start: fake error (999)\n"},
      {"capability=61", "CUDA device 0 has compute capability 6.1; 7.5 or later is needed\n"},
      {"version=12040 fail=cuModuleLoadData:209",
       "CUDA device 0 (emulated): the driver (for CUDA 12.4) does not take our kernels: "}};
  for (const auto& [settings, trouble] : kTroubles) {
    ::setenv("FAKE_CUDA", settings, 1);
    const auto result = run_alone(command(data, {"--device", "cuda"}));
    EXPECT_EQ(result.exit_code, 0) << settings;
    EXPECT_THAT(result.errors,
                testing::StartsWith(
                    std::string("rangefinder: cuda:0 cannot be used, the CPU is: ") + trouble));
    EXPECT_EQ(content("all.rfs"), on_cpu) << settings;
  }
  ::setenv("FAKE_CUDA", "fail=cuDevicePrimaryCtxRetain:2", 1);
  const auto failed = run_alone(command(data, {"--device", "cuda"}));
  EXPECT_EQ(failed.exit_code, 1) << "a device that fails is no device that lacks something";
  EXPECT_EQ(failed.errors,
            "rangefinder: CUDA device 0 (emulated): making a context: out of memory (2)\n");
  ::unsetenv("LD_LIBRARY_PATH");
  ::unsetenv("FAKE_CUDA");
#endif
}

TEST_F(Observe, AShardMayBeEmpty) {
  const support::ProgramResult result =
      run(command(write_samples(2), {"--samples", "2", "--shard", "2/3"}));
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.errors, "observed 0 samples\n");
  EXPECT_EQ(json_of({"inspect", path("all.rfs"), "--json"})["samples"], 0);
}

TEST_F(Observe, WrongUsageIsExitCode2) {
  const std::string data = write_samples(1);
  for (const char* shard : {"2/2", "0/0", "-1/2", "1", "1/2/3", "a/b"}) {
    expect_failure(command(data, {"--shard", shard}), 2, {"'" + std::string(shard) + "'", "K/N"});
  }
  expect_failure(command(data, {"--target", "abacus"}), 2, {"'abacus'", "ort-cpu"});
  expect_failure(command(data, {"--method", "kl"}), 2, {"--method"});
  expect_failure({"observe", path("model.onnx"), "--data", data}, 2, {"--output"});
  expect_failure({"observe"}, 2, {"MODEL"});
}

TEST_F(Observe, TroubleIsExitCode1AndNamesTheFile) {
  const std::string data = write_samples(1);
  expect_failure({"observe", path("none.onnx"), "--data", data, "-o", path("all.rfs")}, 1,
                 {path("none.onnx")});
  expect_failure(command(path("none")), 1, {path("none")});
  tensor::Tensor sample = support::stream_batch("normal", 7, {1, 1, 8, 8});
  sample.floats()[0] = std::nanf("");
  const std::string bad = write("bad.npy", sample);
  expect_failure(command(bad), 1, {"'x'", "NaN", bad});
  const std::string nowhere = path("none/all.rfs");
  expect_failure(
      {"observe", path("model.onnx"), "--data", data, "-o", nowhere, "--progress", "json"}, 1,
      {"rangefinder: " + nowhere + ": "});
  succeed(command(bad, {"--nonfinite", "ignore"}));
  EXPECT_EQ(json_of({"inspect", path("all.rfs"), "--json"})["tensors"][0]["nan_count"], 1);
}

TEST_F(Observe, StopsWhenAskedAndLeavesNothing) {
  expect_nothing_left_after(SIGTERM, joined({"observe", path("model.onnx"), "-o", path("all.rfs"),
                                             "--progress", "json", "--jobs", "2"},
                                            long_data()));
}

}  // namespace
}  // namespace rangefinder::cli
