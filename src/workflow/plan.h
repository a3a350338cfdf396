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

/// What is to become codes, before any data: for which runtime, and what shall stay float.
struct PlanOptions {
  /// Null: the first of targets::all_targets().
  const targets::Target* target = nullptr;
  /// Patterns of nodes (or tensors they make) that compute in float, see passes::annotate().
  std::vector<std::string> exclude = {};

  const targets::Target& target_or_default() const {
    return target ? *target : targets::all_targets().front();
  }
};

/// A model, a target, and what follows from them before any data: which tensors become codes.
struct Plan {
  std::filesystem::path path = {};
  const targets::Target* target;
  passes::PreparedModel prepared;
  passes::Annotation annotation;

  /// The tensors to observe, in graph order, with the rows that are to be kept.
  std::vector<engine::ObservedTensor> observed(const RowAxes& rows = {}) const;
  /// Tells plans apart: which tensors are observed, rows aside. Only statistics of one plan merge.
  uint64_t fingerprint() const;
};

/// `axis` of a tensor counted from the back (-1: the last one); as it is where the tensor's rank is
/// not known. Throws std::invalid_argument naming the tensor if it has no such axis.
int64_t axis_from_back(const Plan& plan, const std::string& tensor, int64_t axis);
/// True if both name one axis of the tensor, from the front or from the back.
bool is_same_axis(const Plan& plan, const std::string& tensor, int64_t axis, int64_t other);

/// Rows that are kept of every model, whatever the method: those of observed tensors with two
/// dimensions, one row for each sample of a batch, along the last axis.
RowAxes default_rows(const Plan& plan);
/// And those of all observed tensors that fit one of the patterns (* ? [...]), along `axis`.
/// Throws std::invalid_argument naming a pattern that no observed tensor fits.
RowAxes rows_of(const Plan& plan, const std::vector<std::string>& patterns, int64_t axis);
/// And those that the tensors' methods must see. Throws std::invalid_argument: an unknown method,
/// one that does not serve the target's activations, a pattern that no observed tensor fits.
RowAxes rows_of(const Plan& plan, const passes::RuntimeCalibration& calibration);

/// Throws std::invalid_argument naming a pattern of `method_for` that no observed tensor fits.
void require_known_names(const Plan& plan, const passes::RuntimeCalibration& calibration);

/// Throws Error as passes::prepare() does, and if nothing in the model can be quantized, naming
/// what stands in the way.
Plan make_plan(const std::filesystem::path& model, const PlanOptions& options = {});

}  // namespace rangefinder::workflow
