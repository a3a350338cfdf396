#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <string>
#include <vector>

namespace rangefinder::cli {

// The placeholder of a value - CLI11's type name, set with type_name() - is shown in the help and
// says what shells complete:
//
//   "FILE"                   any file
//   "FILE.onnx"              files with this extension; "FILE.onnx|FILE.rfs" with one of these
//   "PATH"                   files and folders
//   "DIR"                    folders
//   "nchw|nhwc"              one of these words
//   "METHOD", "TARGET", "TYPE", "FORMAT", "ROUNDING"   one of the names that the library knows
//
// Any other text in capitals (N, DB, WxH) stands for what no shell can guess.

inline constexpr char kModelFile[] = "FILE.onnx";
inline constexpr char kStatisticsFile[] = "FILE.rfs";
inline constexpr char kJsonFile[] = "FILE.json";
inline constexpr char kSamplePath[] = "PATH";
inline constexpr char kFolder[] = "DIR";

/// What a placeholder says.
struct ValueKind {
  enum class Files { kNone, kFiles, kFolders };

  Files files = Files::kNone;
  /// With the dot; none: files of any name.
  std::vector<std::string> extensions = {};
  /// The words that are allowed or known.
  std::vector<std::string> words = {};

  bool operator==(const ValueKind&) const = default;
};

/// As set by type_name(), without what CLI11 adds for checks; empty for a flag.
std::string placeholder(const CLI::Option& option);

ValueKind value_kind(const CLI::Option& option);

/// Whether an option takes any number of values in a row.
bool is_list(const CLI::Option& option);

/// The value must be one of these words; what is near is told otherwise.
void require_word(CLI::Option& option, std::vector<std::string> words);

/// The value is a result's file: "-" is refused, as nothing is written to standard output.
CLI::Option* add_result_option(CLI::App& command, const std::string& names,
                               std::filesystem::path& file, const std::string& description,
                               const char* placeholder);

}  // namespace rangefinder::cli
