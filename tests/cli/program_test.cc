// The program as a process of its own; what each subcommand does in detail is in the other files.

#include "cli/program.h"

#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <tuple>

#include "base/version.h"
#include "cli/fixture.h"
#include "engine/runtime_library.h"

namespace rangefinder::cli {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

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
  expect_failed(run_alone({}), 2, {"a command is needed", "'rangefinder help' tells more"});
  expect_failed(run_alone({"analog"}), 2, {"analog: one of its commands is needed"});
  expect_failed(run_alone({"calibrate"}), 2, {"unknown command 'calibrate'"});
  expect_failed(run_alone({"inspect", path("a.onnx"), "--target", "abacus"}), 2, {"'abacus'"});
  expect_failed(run_alone({"inspect", path("a.onnx")}), 1, {"rangefinder: " + path("a.onnx")});
}

TEST_F(Program, WrongUsageTellsHowItIsRight) {
  const std::string model = write_model();
  write_samples(2);
  expect_failure(
      {"quantize", model, "-o", path("a.onnx")}, 2,
      {"--data is required", "usage: rangefinder quantize MODEL -o FILE.onnx --data PATH...",
       "'rangefinder help quantize' tells more"});
  expect_failure({"quantize", "--data", path("samples"), "model", "-o", path("a.onnx")}, 2,
                 {"MODEL is required; --data takes all words up to the next option"});
  expect_failure({"quantize", model, "--data", path("samples"), "--samples", "many", "-o", "a"}, 2,
                 {"--samples", "many"});
}

TEST_F(Program, MistakesOfBeginnersAreUnderstood) {
  const std::string model = write_model();
  const std::string data = write_samples(2);
  const std::string output = path("int8.onnx");
  succeed({"quantize", "--data", data, model, "-o", output});
  succeed({"compare", "--data", data, model, output});
  expect_failure({"quantise", model}, 2, {"did you mean 'quantize'?"});
  const auto refused = [&](const Words& options, const Words& parts) {
    expect_failure(joined({"quantize", model, "--data", data, "-o", output}, options), 2, parts);
  };
  refused({"--efort", "fast"}, {"did you mean '--effort'"});
  refused({"--effort", "thoroug"}, {"did you mean 'thorough'?"});
  refused({"--method", "precentile"}, {"did you mean 'percentile'"});
  refused({"--target", "ort-cpu-vni"}, {"did you mean 'ort-cpu-vnni'"});
  refused({"--method", "percentile", "--percentile", "99.99"}, {"0.9999 keeps 99.99 %"});
  refused({"--percentile", "0.99"}, {"--percentile would change nothing"});
  refused({"--mean", "0.5"}, {"is no picture"});
  refused({"--summary", "-"}, {"not written to standard output"});
  expect_failure({"quantize", model, "--data", data, "-o", "-"}, 2, {"standard output"});
  expect_failure({"inspect", write("a.pt", std::string("PK\x03\x04"))}, 1, {"a PyTorch file"});
}

TEST_F(Program, MoreSamplesThanThereAreIsTold) {
  const std::string model = write_model();
  const auto result = run({"quantize", model, "--data", write_samples(3), "--samples", "1000", "-o",
                           path("int8.onnx")});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.errors, HasSubstr("--samples 1000, but there are 3: all are used"));
}

TEST_F(Program, QuietIsQuiet) {
  const std::string model = write_model();
  const std::string data = write_samples(3);
  const std::string all = path("all.rfs");
  for (const Words& words :
       {Words{"quantize", model, "--data", data, "--samples", "9", "-o", path("a.onnx")},
        {"observe", model, "--data", data, "-o", all},
        {"merge", all, "-o", path("sum.rfs")},
        {"solve", model, "--statistics", all, "-o", path("b.onnx")}}) {
    const auto result = run(joined(words, {"--quiet"}));
    EXPECT_EQ(result.exit_code, 0);
    EXPECT_EQ(result.output + result.errors, "") << words[0];
  }
  const auto compared = run({"compare", model, path("a.onnx"), "--data", data, "-q"});
  EXPECT_EQ(compared.errors, "");
  EXPECT_NE(compared.output, "");
  expect_failure(
      {"quantize", model, "--data", data, "-o", path("a.onnx"), "-q", "--progress", "json"}, 2,
      {"--progress"});
  expect_failure({"quantize", path("none.onnx"), "--data", data, "-o", path("c.onnx"), "-q"}, 1,
                 {"none.onnx"});
}

TEST_F(Program, TellsItsVersionAndWhatItCanDo) {
  const engine::RuntimeLibrary library = engine::runtime_library();
  EXPECT_EQ(succeed({"--version"}), std::string(kVersion) + "\nONNX Runtime " + library.version +
                                        ", " + library.file.string() + "\n");
  const std::string help = succeed({"--help"});
  for (const char* subcommand :
       {"quantize", "observe", "solve", "merge", "inspect", "compare", "tensors", "analog"}) {
    EXPECT_THAT(help, HasSubstr(std::string("\n  ") + subcommand + " "));
    EXPECT_THAT(succeed({subcommand, "--help"}), HasSubstr("Usage:\n  rangefinder "));
  }
}

/// RANGEFINDER_ONNXRUNTIME for programs that are started meanwhile.
class NamedRuntime {
 public:
  explicit NamedRuntime(const std::string& value) {
    if (const char* before = std::getenv(kName)) before_ = before;
    ::setenv(kName, value.c_str(), 1);
  }
  ~NamedRuntime() {
    ::unsetenv(kName);
    if (before_) ::setenv(kName, before_->c_str(), 1);
  }
  NamedRuntime(const NamedRuntime&) = delete;
  NamedRuntime& operator=(const NamedRuntime&) = delete;

 private:
  static constexpr char kName[] = "RANGEFINDER_ONNXRUNTIME";
  std::optional<std::string> before_;
};

TEST_F(Program, UsesTheRuntimeThatTheEnvironmentNames) {
  write_model();
  const Words command = {"quantize", path("model.onnx"), "--data", write_samples(2),
                         "-o",       path("int8.onnx")};
  std::filesystem::copy_file(engine::runtime_library().file, path("libonnxruntime.so.1.30.0"));
  for (const std::string& named : {path(""), path("libonnxruntime.so.1.30.0")}) {
    const NamedRuntime runtime(named);
    EXPECT_THAT(run_alone({"--version"}).output,
                HasSubstr(path("libonnxruntime.so.1.30.0") + "\n"));
    EXPECT_EQ(run_alone(command).exit_code, 0);
  }
  const NamedRuntime nothing("");
  EXPECT_EQ(run_alone({"--version"}).output, succeed({"--version"}));
}

TEST_F(Program, SaysWhyThereIsNoRuntime) {
  write_model();
  const Words command = {"quantize", path("model.onnx"), "--data", write_samples(2),
                         "-o",       path("int8.onnx")};
  const std::string text = write("text/libonnxruntime.so.1", "text");
  const std::string folder = FAKE_RUNTIMES;
  const std::map<std::string, std::string> reasons = {
      {path("missing"), ": no such file or folder, named by RANGEFINDER_ONNXRUNTIME"},
      {path("samples"), ": no libonnxruntime.so.1 in this folder"},
      {text, ": cannot be opened as ONNX Runtime (1.24 or later is needed)"},
      {folder + "/fake_runtime_old.so", ": is ONNX Runtime 1.23.2; 1.24 or later is needed"},
      {folder + "/fake_runtime_foreign.so", ": not ONNX Runtime: OrtGetApiBase() is missing"}};
  const auto before = files();
  for (const auto& [named, reason] : reasons) {
    const NamedRuntime runtime(named);
    expect_failed(run_alone(command), 1, {"rangefinder: " + named + reason});
    const support::ProgramResult version = run_alone({"--version"});
    EXPECT_EQ(version.exit_code, 0);
    EXPECT_THAT(version.output,
                StartsWith(std::string(kVersion) + "\nONNX Runtime none: " + named + reason));
  }
  expect_same_files(before);
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

/// The program in a shell, which can close and redirect what posix_spawn() does not.
class InShell : public ProgramTest {
 protected:
  static support::ProgramResult shell(const std::string& command) {
    return support::run_program("/bin/bash", {"-c", "R=" RANGEFINDER_PROGRAM "; " + command});
  }
};

TEST_F(InShell, OutputThatCannotBeWrittenIsAFailure) {
  const std::string model = write_model();
  const std::string batch = write("a.npy", {2, 2}, {1, 2, 3, 4});
  for (const std::string& words :
       {std::string("--help"), std::string("--version"), "inspect " + model,
        "inspect --json " + model, "tensors " + batch, std::string("analog --help"),
        "compare --json " + model + " " + model + " --data " + write_samples(1)}) {
    for (const char* where : {">/dev/full", ">&-"}) {
      const auto result = shell("$R " + words + " " + where);
      EXPECT_EQ(result.exit_code, 1) << words << where;
      EXPECT_THAT(result.errors, HasSubstr("rangefinder: cannot write to standard output"))
          << words;
    }
  }
}

TEST_F(InShell, AClosedStreamIsNotTakenForAFile) {
  const std::string model = write_model();
  const std::string data = write_samples(2);
  const auto result = shell("$R quantize " + model + " --data " + data + " -o " + path("a.onnx") +
                            " --summary " + path("a.json") + " <&- >&- 2>&-");
  EXPECT_EQ(result.exit_code, 1);
  succeed({"inspect", path("a.onnx")});
  EXPECT_TRUE(json_in("a.json").is_object());
}

TEST_F(InShell, AFullTemporaryFolderIsNamed) {
  const std::string model = write_model();
  const std::string data = write_samples(2);
  const auto before = files();
  for (const std::string& how : {"TMPDIR=" + path("none"), "TMPDIR=" + model}) {
    const auto result =
        shell(how + " $R quantize " + model + " --data " + data + " -o " + path("a.onnx"));
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_THAT(result.errors, HasSubstr("TMPDIR")) << how;
  }
  expect_same_files(before);
}

TEST_F(InShell, SpecialFilesAreRefusedByName) {
  const std::string model = write_model();
  const std::string data = write_samples(2);
  ASSERT_EQ(::mkfifo(path("pipe.npy").c_str(), 0600), 0);
  for (const std::string& words : std::vector<std::string>{
           "inspect /dev/zero", "quantize /dev/zero --data " + data + " -o " + path("a.onnx"),
           "compare " + model + " /dev/zero --data " + data, "tensors /dev/zero",
           "tensors " + data + "/0.npy " + path("pipe.npy"), "merge /dev/zero -o " + path("a.rfs"),
           "solve " + model + " --statistics " + path("pipe.npy") + " -o " + path("a.onnx"),
           "compare " + model + " " + model + " --data " + data + " " + path("pipe.npy"),
           "inspect --target ort-cpu " + path("pipe.npy"),
           "tensors " + data + "/0.npy --plugin " + path("pipe.npy"),
           "analog calibrate " + model + " --data " + data +
               " --type max --rpu-config /dev/zero -o " + path("a.onnx")}) {
    const auto result = shell("timeout 20 $R " + words);
    EXPECT_EQ(result.exit_code, 1) << words;
    EXPECT_THAT(result.errors,
                testing::AnyOf(HasSubstr("is a device, a file"), HasSubstr("is a pipe, a file"),
                               HasSubstr("pipe.npy: is a pipe, but 2 paths")))
        << words;
  }
}

TEST_F(Program, OutputsNeverTouchInputs) {
  const std::string model = write_model();
  const std::string data = write_samples(4);
  const std::string rpu = write("rpu.json", std::string(R"({"forward": {"inp_res": 254}})"));
  const std::string all = path("all.rfs");
  succeed({"observe", model, "--data", data, "-o", all});
  struct Command {
    Words words;
    Words inputs;
    Words outputs;
  };
  const std::string new_file = path("new");
  const std::vector<Command> commands = {
      {{"quantize", model, "--data", data},
       {model, data + "/3.npy"},
       {"-o", "--summary", "--statistics"}},
      {{"observe", model, "--data", data}, {model, data + "/0.npy"}, {"-o"}},
      {{"solve", model, "--statistics", all}, {model, all}, {"-o", "--summary"}},
      {{"merge", all}, {all}, {"-o"}},
      {{"analog", "calibrate", model, "--data", data, "--type", "max", "--rpu-config", rpu},
       {model, rpu, data + "/2.npy"},
       {"-o", "--ranges"}}};
  for (const Command& command : commands) {
    for (const std::string& output : command.outputs) {
      for (const std::string& input : command.inputs) {
        std::filesystem::create_hard_link(input, path("hard"));
        for (const std::string& name : {input, path("hard")}) {
          Words words = joined(command.words, {output, name});
          if (output != "-o") words = joined(words, {"-o", new_file});
          expect_failure(words, 1, {name + ": is read by this run (" + input + ")"});
        }
        std::filesystem::remove(path("hard"));
      }
    }
  }
}

TEST_F(Program, OutputsNeverTouchPlugins) {
  const std::string model = write_model();
  const std::string data = write_samples(4);
  succeed({"observe", model, "--data", data, "-o", path("all.rfs")});
  const std::string plugin = path("plugin.so");
  std::filesystem::copy_file(EXAMPLE_PLUGIN, plugin);
  const auto before = files();
  for (const Words& words : {Words{"quantize", model, "--data", data},
                             {"solve", model, "--statistics", path("all.rfs")}}) {
    expect_failed(run_alone(joined(words, {"--plugin", plugin, "-o", plugin})), 1,
                  {plugin + ": is read by this run"});
  }
  expect_same_files(before);
}

}  // namespace
}  // namespace rangefinder::cli
