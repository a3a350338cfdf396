#pragma once

#include <cstdint>
#include <filesystem>
#include <future>
#include <map>
#include <string>
#include <unordered_set>
#include <vector>

#include "engine/instrument.h"
#include "engine/model_source.h"
#include "passes/annotate.h"
#include "passes/lookup_tables.h"
#include "passes/prepare.h"
#include "passes/runtime_calibration.h"
#include "refine/mean_inputs.h"
#include "refine/scalable_channels.h"
#include "targets/target.h"

namespace rangefinder::workflow {

/// Along which axis the largest values of every row are kept, for the tensors whose are.
using RowAxes = std::map<std::string, int64_t>;

/// What is to become codes, before any data: for which runtime, and what shall stay float.
struct PlanOptions {
  /// Null: the first of targets::all_targets().
  const targets::Target* target = nullptr;
  /// Patterns of nodes (or tensors they make) that compute in float, see passes::excluded_nodes().
  std::vector<std::string> exclude = {};

  const targets::Target& target_or_default() const {
    return target ? *target : targets::all_targets().front();
  }
};

/// Where the statistics of a tensor are that was not observed itself.
struct StandIn {
  std::string source;
  /// The tensor's values are the source's times this.
  float factor = 1;
};

/// A model, a target, and what follows from them before any data: which tensors become codes.
struct Plan {
  engine::ModelSource source = {};
  const targets::Target* target;
  passes::PreparedModel prepared;
  passes::Annotation annotation;
  /// Asks for the model's fingerprint, so that it is there when somebody needs it.
  std::shared_future<void> asking = {};
  /// More names that observed tensors go by, see passes::fused_names().
  std::map<std::string, std::vector<std::string>> other_names = {};
  /// Tensors that are observed because something is excluded, and those whose statistics say the
  /// same in a file that was observed without exclusions: what a mover or a constant factor reads
  /// for what it makes.
  std::map<std::string, StandIn> stand_ins = {};
  /// Observed tensors whose values cannot leave an interval, see passes::known_bounds().
  std::map<std::string, quantization::Range> known_bounds = {};
  /// Constant tables that nodes look up rows of.
  std::vector<passes::LookupTable> lookup_tables = {};
  /// Names of nodes that compute in float.
  std::unordered_set<std::string> excluded = {};
  /// The tensors whose channels are added up for bias correction.
  refine::MeanInputs mean_inputs = {};
  /// Tensors behind norms and between convolutions whose channels are counted, because they may be
  /// scaled.
  std::vector<refine::ScalableChannels> scalable = {};

  /// The prepared model, ready to be run. Throws Error.
  engine::ModelSource prepared_source() const;
  /// The tensors to observe, in graph order, with the rows that are to be kept.
  std::vector<engine::ObservedTensor> observed(const RowAxes& rows = {}) const;
  /// And with sums of channels, for which more tensors may be needed: those come last. Channels
  /// that may be scaled are counted, too.
  std::vector<engine::ObservedTensor> observed_with_sums(const RowAxes& rows = {}) const;
  /// Tells plans apart: which tensors are observed, rows and sums aside. Only statistics of one
  /// plan merge.
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
/// And those of all observed tensors that fit one of the patterns (NamePattern, by any of their
/// names), along `axis`.
/// Throws std::invalid_argument naming a pattern that no observed tensor fits.
RowAxes rows_of(const Plan& plan, const std::vector<std::string>& patterns, int64_t axis);
/// And those that the tensors' methods must see. Throws std::invalid_argument: an unknown method,
/// one that does not serve the target's activations, a pattern that no observed tensor fits.
RowAxes rows_of(const Plan& plan, const passes::RuntimeCalibration& calibration);

/// Throws std::invalid_argument naming a pattern of `method_for` that no observed tensor fits.
void require_known_names(const Plan& plan, const passes::RuntimeCalibration& calibration);

/// Throws Error as passes::prepare() does; if nothing in the model can be quantized, naming what
/// stands in the way - unless all that could be is excluded; if a constant that would become codes
/// holds what is no number. Throws std::invalid_argument as passes::excluded_nodes() does.
Plan make_plan(const engine::ModelSource& model, const PlanOptions& options = {});

/// The same for a prepared model that computes what the plan's does, by other nodes or constants;
/// for the options' target, if they name one.
Plan replan(const Plan& plan, passes::PreparedModel prepared, const PlanOptions& options);

}  // namespace rangefinder::workflow
