#pragma once

#include <chrono>
#include <cstddef>
#include <string>

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

  /// Since the stage began.
  double seconds() const;

  Mode mode_;
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  std::string stage_;
  double last_drawn_ = -1;
  bool line_open_ = false;
};

}  // namespace rangefinder::cli
