#pragma once

#include <span>
#include <string>
#include <unordered_set>

#include "passes/prepare.h"
#include "targets/target.h"

namespace rangefinder::passes {

/// The nodes of a prepared model that fit one of the patterns (NamePattern) and so compute in
/// float, by name.
///
/// A pattern is about the names of the user's file, of nodes and of tensors that they make, and
/// stands for what those nodes became (Origins); names that only the prepared model has fit, too.
/// What a fitting Relu or Clip bounds is excluded with it, since the two compute as one.
/// Throws std::invalid_argument if a pattern fits nothing, listing near names, or only nodes that
/// are gone, saying why.
std::unordered_set<std::string> excluded_nodes(const PreparedModel& prepared,
                                               const targets::Target& target,
                                               std::span<const std::string> patterns);

}  // namespace rangefinder::passes
