#pragma once

#include <cstddef>
#include <filesystem>

namespace rangefinder {

/// Where a long run saves how far it is, so that it can be killed at any moment: the same call goes
/// on from there and ends with the same bytes.
///
///     options.checkpoint = {.file = "run.ckpt"};
///     rangefinder::observe(model, samples, options);      // killed; called again, it goes on
///
/// The file holds what was gathered of the samples that are done, and of which run that was: the
/// program's and ONNX Runtime's version, model, plan, options, data. Each save replaces it whole or
/// not at all. A run that ends well removes it; one that fails leaves the last one.
/// A file that is there and is none, is damaged or belongs to another run is an Error that says
/// so, and stays as it is.
struct Checkpoint {
  /// Empty: nothing is saved.
  std::filesystem::path file = {};
  /// Save after so many samples; 0: as often as costs less than 1 % of the time.
  size_t every = 0;
  /// There must be something to go on from: without a file it is an Error.
  bool resume = false;
};

}  // namespace rangefinder
