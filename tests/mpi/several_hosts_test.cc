#include <filesystem>

#include "cli/fixture.h"

// Three hosts with names, addresses and temporary folders of their own, which share a file system
// and reach each other by TCP alone: network namespaces (hosts.sh). They need root.

namespace rangefinder::mpi {
namespace {

using cli::Words;
using testing::HasSubstr;

constexpr int kNotRun = 77;

class SeveralHosts : public cli::ProgramTest {
 protected:
  SeveralHosts() {
    write_model();
    write_samples(40, {8, 1, 8, 8});
    write("rpu.json", R"({"forward": {"inp_res": 254}})");
  }

  /// With so many ranks on each host; nothing where there can be no such hosts.
  static std::optional<support::ProgramResult> run_there(size_t ranks_each, const Words& command) {
    auto result = support::run_program(HOSTS_SCRIPT, joined({std::to_string(ranks_each)}, command));
    if (result.exit_code == kNotRun) return std::nullopt;
    return result;
  }
};

TEST_F(SeveralHosts, HaveNamesOfTheirOwn) {
  const auto result = run_there(1, {"hostname"});
  if (!result) GTEST_SKIP() << "NOT RUN: no network namespaces";
  for (const char* name : {"host1\n", "host2\n", "host3\n"}) {
    EXPECT_THAT(result->output, HasSubstr(name));
  }
}

TEST_F(SeveralHosts, WriteTheBytesOfOneProcess) {
  const std::vector<Words> commands = {
      {"observe", path("model.onnx"), "--data", path("samples")},
      {"quantize", path("model.onnx"), "--data", path("samples")},
      {"analog", "calibrate", path("model.onnx"), "--data", path("samples"), "--type",
       "cache-quantile", "--rpu-config", path("rpu.json")}};
  for (const Words& command : commands) {
    const Words whole = joined(command, {"-o", path("out")});
    ASSERT_EQ(run_alone(whole).exit_code, 0);
    const std::string expected = content("out");
    for (const size_t ranks_each : {1u, 2u}) {
      std::filesystem::remove(path("out"));
      const auto result = run_there(ranks_each, joined({RANGEFINDER_MPI_PROGRAM}, whole));
      if (!result) GTEST_SKIP() << "NOT RUN: no network namespaces";
      EXPECT_EQ(result->exit_code, 0) << result->errors;
      EXPECT_TRUE(content("out") == expected) << command.front() << " by " << 3 * ranks_each;
    }
  }
}

// A rank that fails, on a host that is not mpirun's: the others finish, and the rest is run by one
// process.
TEST_F(SeveralHosts, ARankOfAnotherHostMayFail) {
  const Words command = {
      "observe", path("model.onnx"), "--data", path("samples"), "--held-out", "0", "--jobs", "1",
      "-o",      path("out")};
  ASSERT_EQ(run_alone(command).exit_code, 0);
  const std::string expected = content("out");
  std::filesystem::remove(path("out"));
  const Words kept = joined(command, {"--checkpoint", path("run.ckpt"), "--every", "1"});
  const std::string good = content("samples/39.npy");
  write("samples/39.npy", std::string(good.size(), 'x'));
  const auto result = run_there(1, joined({RANGEFINDER_MPI_PROGRAM}, kept));
  if (!result) GTEST_SKIP() << "NOT RUN: no network namespaces";
  EXPECT_NE(result->exit_code, 0);
  EXPECT_THAT(result->errors, HasSubstr("rangefinder: rank 2 on host3: "));
  EXPECT_THAT(result->errors,
              HasSubstr("rangefinder: rank 0 on host1: rank 2 on host3, ended with exit code 1; "
                        "39 of 40 samples are saved in " +
                        path("run.ckpt") + ", missing are 1 (39)"));
  write("samples/39.npy", good);
  const auto rest = run_alone(joined(kept, {"--resume"}));
  EXPECT_EQ(rest.exit_code, 0) << rest.errors;
  EXPECT_TRUE(content("out") == expected);
}

}  // namespace
}  // namespace rangefinder::mpi
