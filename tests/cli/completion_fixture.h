#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "cli/command_tree.h"
#include "cli/completion_scripts.h"
#include "data/temporary_folder.h"
#include "support/program.h"

namespace rangefinder::cli {

/// A folder with a script that completes, models, samples and a folder, and a shell to try it in.
class CompletionTest : public testing::Test {
 protected:
  CompletionTest() {
    for (const char* name : {"model.onnx", "a sample.npy", "all.rfs"})
      std::ofstream(folder_ / name);
    std::filesystem::create_directory(folder_ / "samples");
  }

  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name) << text;
    return (folder_ / name).string();
  }

  /// What a shell prints of a script, by lines, in the folder.
  std::vector<std::string> lines_of(const std::string& shell, const std::string& script) const {
    const std::string code = "cd '" + (folder_ / "").string() + "'\n" + script;
    const auto result = support::run_program(shell, {write("try", code)});
    EXPECT_EQ(result.exit_code, 0) << result.errors;
    EXPECT_EQ(result.errors, "");
    std::istringstream stream(result.output);
    std::vector<std::string> lines;
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    return lines;
  }

  data::TemporaryFolder folder_;
};

}  // namespace rangefinder::cli
