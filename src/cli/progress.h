#pragma once

#include <atomic>
#include <cstddef>
#include <string>

#include "base/process.h"

namespace rangefinder::cli {

/// Shows how far long work is, on standard error: a bar with the time left on a terminal, nothing
/// when piped, or one JSON object a line.
class Progress {
 public:
  /// `mode` is auto, json or none. Throws std::invalid_argument otherwise.
  explicit Progress(const std::string& mode);
  /// As finish(): what is written next, an error perhaps, begins a line.
  ~Progress() { finish(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// `done` of `total` samples of a stage are through.
  void update(const std::string& stage, size_t done, size_t total);
  /// Ends the bar's line.
  void finish();

 private:
  enum class Mode { kBar, kJson, kNone };

  void draw_bar(const std::string& stage, size_t done, size_t total);

  Mode mode_;
  Stopwatch watch_;
  std::string stage_;
  double last_drawn_ = -1;
  bool line_open_ = false;
};

/// Set once the user asked to stop (Ctrl-C, SIGTERM). The first call installs the handlers; a
/// second Ctrl-C ends the program at once.
const std::atomic<bool>& interrupted();

}  // namespace rangefinder::cli
