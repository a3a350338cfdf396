#include <csignal>
#include <filesystem>

#include "cli/fixture.h"

// Through the program, as mpirun starts it: any number of ranks writes what one process writes.

namespace rangefinder::mpi {
namespace {

using cli::Words;
using testing::HasSubstr;

class MpiCommunicatorTest : public cli::ProgramTest {
 protected:
  MpiCommunicatorTest() {
    // Runs as root, too, and with more ranks than cores.
    for (const char* name : {"OMPI_ALLOW_RUN_AS_ROOT", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"}) {
      ::setenv(name, "1", 1);
    }
    write_model();
    write_samples(21);
    write("rpu.json", R"({"forward": {"inp_res": 254}})");
  }

  static support::ProgramResult mpirun(size_t ranks, const Words& command) {
    return support::run_program(
        MPIRUN,
        joined({"--oversubscribe", "-n", std::to_string(ranks), RANGEFINDER_MPI_PROGRAM}, command));
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

TEST_F(MpiCommunicatorTest, ObserveWritesTheBytesOfOneProcess) {
  expect_same_bytes({"observe", path("model.onnx"), "--data", path("samples")}, "all.rfs");
  EXPECT_THAT(mpirun(2, observe("all.rfs")).errors, HasSubstr("observed 19 samples\n"));
}

TEST_F(MpiCommunicatorTest, QuantizeWritesTheBytesOfOneProcess) {
  expect_same_bytes({"quantize", path("model.onnx"), "--data", path("samples")}, "int8.onnx");
}

TEST_F(MpiCommunicatorTest, AnalogCalibrateWritesTheBytesOfOneProcess) {
  for (const char* type : {"moving-quantile", "cache-quantile"}) {
    expect_same_bytes({"analog", "calibrate", path("model.onnx"), "--data", path("samples"),
                       "--type", type, "--rpu-config", path("rpu.json")},
                      "analog.onnx");
  }
}

TEST_F(MpiCommunicatorTest, ARankThatFailsEndsTheRunAndIsNamed) {
  write("samples/99.npy", "no array");  // Of the last rank.
  const auto result = mpirun(3, observe("all.rfs", {"--held-out", "0"}));
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.errors, HasSubstr("rangefinder: rank 2 on "));
  EXPECT_THAT(result.errors, HasSubstr("99.npy"));
  EXPECT_FALSE(std::filesystem::exists(path("all.rfs")));
}

TEST_F(MpiCommunicatorTest, WhatTheOthersDidIsKeptAndOnlyTheRestIsRun) {
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

TEST_F(MpiCommunicatorTest, OneRankWithOtherDataIsNamed) {
  write("other/0.npy", content("samples/0.npy"));
  Words command = {"--oversubscribe", "-n", "2", RANGEFINDER_MPI_PROGRAM};
  command = joined(command, observe("all.rfs"));
  command = joined(command, {":", "-n", "1", RANGEFINDER_MPI_PROGRAM, "observe", path("model.onnx"),
                             "--data", path("other"), "-o", path("all.rfs")});
  const auto result = support::run_program(MPIRUN, command);
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.errors, HasSubstr("rank 2: belongs to another run: data '1 samples"));
}

TEST_F(MpiCommunicatorTest, ItKnowsOnlyWhatCanBeShared) {
  const auto result = mpirun(2, {"merge", path("a.rfs"), "-o", path("b.rfs")});
  EXPECT_EQ(result.exit_code, 2);
}

}  // namespace
}  // namespace rangefinder::mpi
