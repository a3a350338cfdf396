// Every operation on files that `quantize` makes, in turn: it fails, or the process is killed
// there. Whatever happens, model and summary are of one run, the old one or the new one; and what
// is left the next run removes.

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <set>
#include <stdexcept>

#include "cli/fixture.h"

namespace rangefinder::cli {
namespace {

constexpr char kOldModel[] = "the model of yesterday";

class Faults : public ProgramTest {
 protected:
  Faults() {
    write_model();
    write_samples(2);
    std::filesystem::create_directory(path("out"));
    quantize();
    new_model_ = content("out/int8.onnx");
  }

  /// Nothing if it was killed.
  static std::optional<support::ProgramResult> attempt(const Words& command) {
    try {
      return run_alone(command);
    } catch (const std::runtime_error&) {
      return std::nullopt;
    }
  }
  Words quantize_command() const {
    return {"quantize",  path("model.onnx"),
            "--data",    path("samples"),
            "--jobs",    "1",
            "--method",  "kl",
            "-o",        path("out/int8.onnx"),
            "--summary", path("out/summary.json")};
  }
  std::optional<support::ProgramResult> quantize() const { return attempt(quantize_command()); }

  std::optional<support::ProgramResult> quantize_with_fault(size_t at, int error) const {
    return attempt_with_fault(quantize_command(), at, error);
  }
  /// With the shim; `at`: the operation that goes wrong, 0: none.
  std::optional<support::ProgramResult> attempt_with_fault(const Words& command, size_t at,
                                                           int error) const {
    ::setenv("FAULT_FOLDER", path("").c_str(), 1);
    ::setenv("FAULT_AT", std::to_string(at).c_str(), 1);
    ::setenv("FAULT_ERRNO", std::to_string(error).c_str(), 1);
    ::setenv("LD_PRELOAD", FAULT_SHIM, 1);
    auto result = attempt(command);
    for (const char* name : {"LD_PRELOAD", "FAULT_FOLDER", "FAULT_AT", "FAULT_ERRNO"}) {
      ::unsetenv(name);
    }
    return result;
  }

  /// Every operation of a run in which nothing goes wrong, in the order of their numbers, from 1.
  /// Those of one number, of the program and of its child, stand together.
  Words operations() const { return operations_of(quantize_command()); }
  Words operations_of(const Words& command) const {
    std::filesystem::remove(path("log"));
    ::setenv("FAULT_LOG", path("log").c_str(), 1);
    EXPECT_EQ(attempt_with_fault(command, 0, 0)->exit_code, 0);
    ::unsetenv("FAULT_LOG");
    std::ifstream log(path("log"));
    Words operations;
    size_t number = 0;
    for (std::string line; log >> number && std::getline(log, line);) {
      operations.resize(std::max(operations.size(), number));
      operations[number - 1] += line;
    }
    EXPECT_GT(operations.size(), 30u);
    return operations;
  }

  /// The results are those of yesterday, whatever happened before.
  void begin_with_old() const {
    for (const auto& entry : std::filesystem::directory_iterator(path("out"))) {
      std::filesystem::remove(entry.path());
    }
    std::ofstream(path("out/int8.onnx"), std::ios::binary) << kOldModel;
    std::ofstream(path("out/summary.json")) << R"({"method": "of yesterday"})";
  }

  bool is_new() const { return content("out/int8.onnx") == new_model_; }
  void expect_one_run() const {
    EXPECT_TRUE(is_new() || content("out/int8.onnx") == kOldModel);
    EXPECT_EQ(json_in("out/summary.json")["method"], std::string(is_new() ? "kl" : "of yesterday"));
  }
  /// Everything that is not a result.
  Words leftovers() const {
    Words found;
    for (const char* folder : {"out", "tmp"}) {
      for (const auto& entry : std::filesystem::directory_iterator(path(folder))) {
        const std::string name = entry.path().filename().string();
        if (name != "int8.onnx" && name != "summary.json") found.push_back(name);
      }
    }
    return found;
  }

 private:
  std::string new_model_;
};

TEST_F(Faults, AnOperationThatFailsIsAnErrorOrMakesNoDifference) {
  const Words all = operations();
  for (size_t i = 0; i < all.size(); ++i) {
    SCOPED_TRACE(all[i]);
    begin_with_old();
    const auto result = quantize_with_fault(i + 1, i % 2 == 0 ? EIO : ENOSPC);
    ASSERT_TRUE(result.has_value());
    expect_one_run();
    if (result->exit_code == 0) {
      EXPECT_TRUE(is_new());
    } else {
      EXPECT_EQ(result->exit_code, 1);
      EXPECT_FALSE(is_new());
      EXPECT_THAT(result->errors, testing::HasSubstr(path("")));
    }
    // What could not be removed is left; nothing else is.
    const auto contains = [&](const std::string& what) { return all[i].find(what) != all[i].npos; };
    if (!contains("unlink") && !contains("remove") && !contains("open " + path("tmp"))) {
      EXPECT_THAT(leftovers(), testing::IsEmpty());
    }
  }
  quantize();
  EXPECT_THAT(leftovers(), testing::IsEmpty());
}

TEST_F(Faults, AProcessThatIsKilledLosesNothing) {
  const Words all = operations();
  begin_with_old();
  for (size_t i = 0; i < all.size(); ++i) {
    SCOPED_TRACE(all[i]);
    const auto killed = quantize_with_fault(i + 1, 0);
    if (killed) {
      EXPECT_EQ(killed->exit_code, 0);  // Only its helper was killed.
    }
    expect_one_run();
    // The next one begins with what this one left, and with old results if all was well.
    if (leftovers().empty()) begin_with_old();
  }
  const auto result = quantize();
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->exit_code, 0) << result->errors;
  EXPECT_TRUE(is_new());
  expect_one_run();
  EXPECT_THAT(leftovers(), testing::IsEmpty());
}

// A full disk in the middle of a checkpoint, or a kill: the same command goes on from the one
// before.
TEST_F(Faults, ARunThatSavesHowFarItIsEndsWithTheSameBytes) {
  const Words observe = {
      "observe", path("model.onnx"), "--data", path("samples"), "--jobs", "1", "--held-out", "0",
      "-o",      path("out/all.rfs")};
  ASSERT_EQ(attempt(observe)->exit_code, 0);
  const std::string expected = content("out/all.rfs");
  const Words saving = joined(observe, {"--checkpoint", path("out/run.ckpt"), "--every", "1"});
  const Words all = operations_of(saving);
  for (size_t i = 0; i < all.size(); ++i) {
    SCOPED_TRACE(all[i]);
    std::filesystem::remove(path("out/all.rfs"));
    const auto faulty = attempt_with_fault(saving, i + 1, i % 2 == 0 ? ENOSPC : 0);
    if (faulty && faulty->exit_code != 0) {
      EXPECT_EQ(faulty->exit_code, 1);
      EXPECT_THAT(faulty->errors, testing::HasSubstr(path("")));
    }
    const auto again = attempt(saving);
    ASSERT_TRUE(again.has_value());
    EXPECT_EQ(again->exit_code, 0) << again->errors;
    EXPECT_TRUE(content("out/all.rfs") == expected);
    EXPECT_FALSE(std::filesystem::exists(path("out/run.ckpt")));
  }
}

}  // namespace
}  // namespace rangefinder::cli
