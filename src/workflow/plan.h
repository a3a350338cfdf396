#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "engine/instrument.h"
#include "passes/annotate.h"
#include "passes/prepare.h"
#include "targets/target.h"

namespace rangefinder::workflow {

/// A model, a target, and what follows from them before any data: which tensors become codes.
struct Plan {
  std::filesystem::path path = {};
  const targets::Target* target;
  passes::PreparedModel prepared;
  passes::Annotation annotation;

  /// The tensors to observe, in graph order.
  std::vector<engine::ObservedTensor> observed() const;
  /// Tells plans apart: what is observed and how. Statistics belong to one plan.
  uint64_t fingerprint() const;
};

/// Throws Error as passes::prepare() does, and if nothing in the model can be quantized, naming
/// what stands in the way.
Plan make_plan(const std::filesystem::path& model, const targets::Target& target);

}  // namespace rangefinder::workflow
