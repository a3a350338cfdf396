#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/file.h"
#include "cli/program.h"
#include "data/npy.h"
#include "data/temporary_folder.h"
#include "support/json_keys.h"
#include "support/onnx_builder.h"
#include "support/program.h"
#include "support/streams.h"

namespace rangefinder::cli {

using Json = nlohmann::ordered_json;
using Words = std::vector<std::string>;

/// A folder for one test with models and samples, and the program that works on them. The program
/// keeps its temporary files there too, so that files() shows those that were left behind.
class ProgramTest : public testing::Test {
 protected:
  ProgramTest() {
    if (const char* folder = std::getenv("TMPDIR")) temporary_files_ = folder;
    std::filesystem::create_directory(folder_ / "tmp");
    ::setenv("TMPDIR", path("tmp").c_str(), 1);
  }
  ~ProgramTest() override {
    ::unsetenv("TMPDIR");
    if (temporary_files_) ::setenv("TMPDIR", temporary_files_->c_str(), 1);
  }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }

  std::string write(const std::string& name, const std::string& bytes) const {
    std::filesystem::create_directories((folder_ / name).parent_path());
    write_file(folder_ / name, bytes);
    return path(name);
  }
  std::string write(const std::string& name, const tensor::Tensor& array) const {
    return write(name, data::npy_bytes(array.view()));
  }
  std::string write(const std::string& name, tensor::Shape shape,
                    const std::vector<float>& values) const {
    return write(name, tensor::Tensor::from_floats(std::move(shape), values));
  }

  /// x [N, 1, 8, 8] - Conv_c - Relu - average - Gemm_y - y [N, 3].
  std::string write_model(const std::string& name = "model.onnx", float weight = 0.5f) const {
    test_support::OnnxBuilder b;
    b.input("x", {-1, 1, 8, 8});
    b.weights("w1", {4, 1, 3, 3}, weight);
    b.weights("b1", {4}, 0.1f);
    b.weights("w2", {4, 3});
    b.weights("b2", {3}, 0.1f);
    b.node("Conv", {"x", "w1", "b1"}, {"c"});
    b.node("Relu", {"c"}, {"r"});
    b.node("GlobalAveragePool", {"r"}, {"p"});
    b.node("Flatten", {"p"}, {"f"});
    b.node("Gemm", {"f", "w2", "b2"}, {"y"});
    b.output("y", {-1, 3});
    return write(name, b.bytes());
  }

  /// samples/0.npy, ...: batches of 2 for the model above, or of another shape. Returns the folder.
  std::string write_samples(size_t count, const tensor::Shape& shape = {2, 1, 8, 8}) const {
    for (const tensor::Tensor& sample : support::stream_batches("normal", 7, shape, count)) {
      write("samples/" + std::to_string(sample_count_++) + ".npy", sample);
    }
    return path("samples");
  }

  /// The program within this process: all but main(), and much faster than a process of its own.
  static support::ProgramResult run(const Words& arguments) {
    std::vector<const char*> argv = {"rangefinder"};
    for (const std::string& word : arguments) argv.push_back(word.c_str());
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    const int exit_code = run_program(static_cast<int>(argv.size()), argv.data());
    return {exit_code, testing::internal::GetCapturedStdout(),
            testing::internal::GetCapturedStderr()};
  }
  static support::ProgramResult run_alone(const Words& arguments) {
    return support::run_program(RANGEFINDER_PROGRAM, arguments);
  }
  /// Runs the program, expects that all goes well, and returns what it printed.
  static std::string succeed(const Words& arguments) {
    const support::ProgramResult result = run(arguments);
    EXPECT_EQ(result.exit_code, 0) << testing::PrintToString(arguments) << result.errors;
    return result.output;
  }
  /// As succeed(), for a command that prints JSON.
  static Json json_of(const Words& arguments) {
    return Json::parse(succeed(arguments), nullptr, false);
  }
  /// What the program left in the file `name` of the folder.
  std::string content(const std::string& name) const {
    return std::filesystem::exists(folder_ / name) ? read_file(folder_ / name) : "no such file";
  }
  Json json_in(const std::string& name) const { return Json::parse(content(name), nullptr, false); }

  /// Failed as told: this exit code, nothing printed but a message that has all `parts`.
  static void expect_failed(const support::ProgramResult& result, int exit_code,
                            const Words& parts) {
    EXPECT_EQ(result.exit_code, exit_code) << result.errors;
    EXPECT_EQ(result.output, "");
    for (const std::string& part : parts) EXPECT_THAT(result.errors, testing::HasSubstr(part));
  }
  /// Fails as told, and no file is made, changed or left.
  void expect_failure(const Words& arguments, int exit_code, const Words& parts) const {
    SCOPED_TRACE(testing::PrintToString(arguments));
    const auto before = files();
    expect_failed(run(arguments), exit_code, parts);
    expect_same_files(before);
  }
  /// Stopped by `signal` at its first message, with the exit code that tells so; no file is left.
  void expect_nothing_left_after(int signal, const Words& arguments) const {
    const auto before = files();
    const auto result = support::interrupt_program(RANGEFINDER_PROGRAM, arguments, signal);
    EXPECT_EQ(result.exit_code, 128 + signal);
    EXPECT_EQ(result.output, "");
    EXPECT_THAT(result.errors, testing::EndsWith("rangefinder: interrupted\n"));
    expect_same_files(before);
  }
  /// A data set that takes seconds: one sample again and again.
  Words long_data() const {
    constexpr size_t kTimes = 20000;
    Words words = {"--data"};
    words.resize(1 + kTimes, write("long.npy", support::stream_batch("normal", 7, {64, 1, 8, 8})));
    return words;
  }

  /// Everything below the folder, with its bytes.
  std::map<std::string, std::string> files() const {
    std::map<std::string, std::string> found;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_.path())) {
      found[entry.path().string()] = entry.is_regular_file() ? read_file(entry.path()) : "";
    }
    return found;
  }

  void expect_same_files(const std::map<std::string, std::string>& before) const {
    const auto after = files();
    EXPECT_THAT(names(after), testing::ElementsAreArray(names(before)));
    EXPECT_TRUE(after == before) << "a file was changed";
  }
  static Words names(const std::map<std::string, std::string>& contents) {
    Words result;
    for (const auto& [name, bytes] : contents) result.push_back(name);
    return result;
  }

  static Words joined(Words left, const Words& right) {
    left.insert(left.end(), right.begin(), right.end());
    return left;
  }

 private:
  data::TemporaryFolder folder_;
  std::optional<std::string> temporary_files_;
  mutable size_t sample_count_ = 0;
};

}  // namespace rangefinder::cli
