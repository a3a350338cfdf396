// The program as a process of its own; what each subcommand does in detail is in the other files.

#include "cli/program.h"

#include <tuple>

#include "base/version.h"
#include "cli/fixture.h"

namespace rangefinder::cli {
namespace {

using testing::HasSubstr;

using Program = ProgramTest;

TEST_F(Program, DoesAsAProcessWhatItDoesHere) {
  write_model();
  const std::string data = write_samples(4);
  const auto outcome = [&](auto&& run_it) {
    const std::string model = path("model.onnx");
    Words outputs;
    for (const Words& command :
         {Words{"observe", model, "--data", data, "-o", path("all.rfs")},
          {"merge", path("all.rfs"), "-o", path("sum.rfs")},
          {"solve", model, "--statistics", path("sum.rfs"), "-o", path("int8.onnx")},
          {"inspect", path("int8.onnx"), "--json"},
          {"compare", model, path("int8.onnx"), "--data", data, "--json"},
          {"tensors", data + "/0.npy", "--method", "kl"}}) {
      const support::ProgramResult result = run_it(command);
      EXPECT_EQ(result.exit_code, 0) << result.errors;
      // The table of `solve` tells times.
      if (command[0] != "solve") outputs.push_back(result.output + result.errors);
    }
    return std::tuple(outputs, content("sum.rfs"), content("int8.onnx"));
  };
  EXPECT_EQ(outcome(run_alone), outcome(run));
}

TEST_F(Program, ExitCodesTellFailureFromWrongUsage) {
  expect_failed(run_alone({}), 2, {"subcommand"});
  expect_failed(run_alone({"calibrate"}), 2, {"subcommand"});
  expect_failed(run_alone({"inspect", path("a.onnx"), "--target", "abacus"}), 2, {"'abacus'"});
  expect_failed(run_alone({"inspect", path("a.onnx")}), 1, {"rangefinder: " + path("a.onnx")});
}

TEST_F(Program, TellsItsVersionAndWhatItCanDo) {
  EXPECT_EQ(succeed({"--version"}), std::string(kVersion) + "\n");
  const std::string help = succeed({"--help"});
  for (const char* subcommand :
       {"quantize", "observe", "solve", "merge", "inspect", "compare", "tensors", "analog"}) {
    EXPECT_THAT(help, HasSubstr(std::string("\n  ") + subcommand + " "));
    EXPECT_THAT(succeed({subcommand, "--help"}), HasSubstr("Usage: "));
  }
}

TEST_F(Program, LeavesOnlyWhatItWasAskedFor) {
  write_model();
  const std::string data = write_samples(2);
  auto expected = files();
  const auto result =
      run_alone({"quantize", path("model.onnx"), "--data", data, "-o", path("int8.onnx")});
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  expected[path("int8.onnx")] = content("int8.onnx");
  expect_same_files(expected);
}

TEST_F(Program, TakesAsManySamplesAsTheSystemAllows) {
  write_model();
  Words words = {"observe", path("model.onnx"), "-o", path("all.rfs"), "--data"};
  words.resize(4000, write("a.npy", support::stream_batch("normal", 7, {1, 1, 8, 8})));
  const auto result = run_alone(words);
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.errors, HasSubstr("observed "));
}

}  // namespace
}  // namespace rangefinder::cli
