#pragma once

#include <atomic>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>

#include "rangefinder/device.h"

namespace rangefinder {

/// What to do when a tensor holds NaN or infinity: stop, or count them and go on.
enum class Nonfinite { kError, kIgnore };

/// How long work runs, and how it is watched and stopped. The result never depends on it, but by
/// the device.
///
///     std::atomic<bool> stop = false;                       // set it from anywhere
///     rangefinder::RunControl control;
///     control.jobs = 2;
///     control.progress = [](const std::string& stage, size_t done, size_t total) {
///       std::clog << stage << ' ' << done << '/' << total << '\r';
///     };
///     control.cancelled = &stop;
struct RunControl {
  /// Workers that run the model, and cores that solve; 0 or less: one per core.
  int jobs = 0;
  Nonfinite nonfinite = Nonfinite::kError;
  /// Called after each sample with the stage ("observe", "compare", ...), the samples done and all
  /// samples, 0 while their number is not known; one call at a time, from any thread. What it
  /// throws ends the work and reaches the caller.
  std::function<void(const std::string& stage, size_t done, size_t total)> progress = {};
  /// Told what a user must know although nothing failed: what an earlier run that was killed left
  /// half done was put right. A sentence without a period.
  std::function<void(const std::string& message)> notice = {};
  /// Set what it points to and the work ends within a second with Error("interrupted"), having
  /// written nothing.
  const std::atomic<bool>* cancelled = nullptr;
  /// Where the float model runs while it is observed; what is compared afterwards runs on the CPU.
  /// For observe(), quantize() and calibrate_input_ranges(). A GPU that cannot be used is no error:
  /// `notice` is told why, and the CPU is taken; one of a number that is not there is.
  Device device = {};
  /// A folder for what is made on the way, each as soon as it is there, for a look inside:
  /// "prepared.onnx", "plan.json", "instrumented.onnx" (with operators that only this program
  /// knows), "quantized.onnx". Files of these names are replaced. Empty: nothing is kept.
  std::filesystem::path keep = {};
};

}  // namespace rangefinder
