#pragma once

#include <functional>
#include <string>

#include "rangefinder/model.h"

namespace rangefinder::cli {

/// --metric: a command of the user's that tells how good a model is.
struct MetricCommand {
  /// For /bin/sh; "{model}" stands for the path of the model's file, quoted.
  std::string command;
  /// The command is killed after so many seconds.
  double timeout_seconds = 3600;

  /// Writes the model into a temporary folder, runs the command and reads the number that is the
  /// last line of its standard output. Throws Error naming the command and the end of what it
  /// printed: it fails, prints no number, does not end in time; Error("interrupted").
  double operator()(const Model& model) const;
};

/// Throws std::invalid_argument: no "{model}" in it, a time that is not above 0.
void validate(const MetricCommand& metric);

}  // namespace rangefinder::cli
