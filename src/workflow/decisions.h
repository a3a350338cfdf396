#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "report/summary.h"
#include "workflow/plan.h"

namespace rangefinder::workflow {

/// What is left float of a model, or on wider codes, so that the same can be done again: made by a
/// choice, kept in a file (docs/formats/decisions.md).
struct Decisions {
  uint64_t model_fingerprint = 0;
  std::string target = {};
  /// See ChoiceRow::written.
  std::string written = "quantized";
  /// The parts, and the nodes of the prepared model that compute in float.
  std::vector<report::DecisionRow> parts = {};
  std::vector<std::string> nodes = {};
  /// And those that compute on the wider codes of the target.
  std::vector<report::DecisionRow> wide_parts = {};
  std::vector<std::string> wide_nodes = {};

  bool operator==(const Decisions&) const = default;
};

/// As text of a file.
std::string decisions_text(const Decisions& decisions);

/// Throws Error naming the file: it cannot be read, is no such file, or is of another model or
/// target than the plan, names a node that the plan's model does not have or one both in float and
/// on wider codes, or has wider codes where the target has none.
Decisions read_decisions(const std::filesystem::path& file, const Plan& plan);

}  // namespace rangefinder::workflow
