#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <string>

#include "engine/observe.h"

namespace rangefinder::workflow {

/// Where long work stands: the name of the stage, samples done, samples in all.
using StageProgress = std::function<void(const std::string& stage, size_t done, size_t total)>;

/// How the model runs over samples.
struct RunOptions {
  /// Workers that run the model, and cores that solve; 0: one per core.
  int jobs = 0;
  engine::Nonfinite nonfinite = engine::Nonfinite::kError;
  StageProgress progress = {};
  const std::atomic<bool>* cancelled = nullptr;
};

}  // namespace rangefinder::workflow
