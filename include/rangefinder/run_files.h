#pragma once

#include <filesystem>
#include <vector>

#include "rangefinder/export.h"
#include "rangefinder/run_control.h"

namespace rangefinder {

/// Every file that a program reads or writes, listed once before its work. quantize(), observe()
/// and solve() do that themselves for what their options name.
///
///     rangefinder::prepare_outputs({.others = {"a.rfs", "b.rfs"}, .outputs = {"sum.rfs"}});
struct RunFiles {
  /// ONNX models; the files that hold their weights count, too.
  std::vector<std::filesystem::path> models = {};
  /// Samples, as SampleSource::from_files() takes them: every file counts that is read for them.
  std::vector<std::filesystem::path> data = {};
  /// Anything else that is read: statistics, configuration. Plug-ins are known without.
  std::vector<std::filesystem::path> others = {};
  std::vector<std::filesystem::path> outputs = {};
};

/// Makes sure that results can be written and that nothing else is lost by it. What an earlier run
/// that was killed left beside an output is put right, and `control.notice` told.
/// Throws Error: an output cannot be written, or is, by whatever path, link or hard link, a file
/// that the run reads or another output; or as opening model and samples does.
RANGEFINDER_API void prepare_outputs(const RunFiles& files, const RunControl& control = {});

/// Removes what is temporary, for a process that ends right behind this call because a user wants
/// it to, from any thread but no signal handler.
RANGEFINDER_API void remove_leftovers() noexcept;

}  // namespace rangefinder
