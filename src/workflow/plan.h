#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "engine/instrument.h"
#include "passes/annotate.h"
#include "passes/prepare.h"
#include "passes/runtime_calibration.h"
#include "targets/target.h"

namespace rangefinder::workflow {

/// Along which axis the largest values of every row are kept, for the tensors whose are.
using RowAxes = std::map<std::string, int64_t>;

/// A model, a target, and what follows from them before any data: which tensors become codes.
struct Plan {
  std::filesystem::path path = {};
  const targets::Target* target;
  passes::PreparedModel prepared;
  passes::Annotation annotation;

  /// The tensors to observe, in graph order, with the rows that are to be kept.
  std::vector<engine::ObservedTensor> observed(const RowAxes& rows = {}) const;
  /// Tells plans apart: which tensors are observed, rows aside. Statistics belong to one plan.
  uint64_t fingerprint() const;
};

/// Rows that are kept of every model, whatever the method: those of observed tensors with two
/// dimensions, one row for each sample of a batch, along the last axis.
RowAxes default_rows(const Plan& plan);
/// And those of all observed tensors that fit one of the patterns (* ? [...]), along `axis`.
/// Throws std::invalid_argument naming a pattern that no observed tensor fits.
RowAxes rows_of(const Plan& plan, const std::vector<std::string>& patterns, int64_t axis);
/// And those that the tensors' methods must see. Throws std::invalid_argument: an unknown method,
/// or one that does not serve the target's activations.
RowAxes rows_of(const Plan& plan, const passes::RuntimeCalibration& calibration);

/// Throws Error as passes::prepare() does, and if nothing in the model can be quantized, naming
/// what stands in the way.
Plan make_plan(const std::filesystem::path& model, const targets::Target& target);

}  // namespace rangefinder::workflow
