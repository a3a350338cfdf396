#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "fashion_mnist/dataset.h"

namespace rangefinder::examples {

/// How good, large and fast a classifier is.
struct Evaluation {
  std::filesystem::path model;
  size_t correct_count = 0;
  size_t image_count = 0;
  size_t bytes = 0;
  /// Median time of one image on one thread.
  double microseconds = 0;

  double top1_percent() const;
};

struct EvaluateOptions {
  /// Timed runs of each model.
  int rounds = 400;
};

/// Runs each model over all images; then times them in turn, one run of each per round, so that a
/// busy moment of the machine meets all of them. Throws Error.
std::vector<Evaluation> evaluate(const std::vector<std::filesystem::path>& models,
                                 const LabelledImages& test, const EvaluateOptions& options = {});

/// A table for people, the first model being what the others are compared with.
std::string table(const std::vector<Evaluation>& evaluations);

}  // namespace rangefinder::examples
