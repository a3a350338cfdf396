#pragma once

#include <map>
#include <string>
#include <vector>

#include "passes/annotate.h"
#include "passes/prepare.h"

namespace rangefinder::passes {

/// By observed tensor: the names that tensors of the user's file have which are not observed
/// themselves and share its parameters - what a mover makes of it, and what was fused into the
/// node that makes it (a Conv's output before BatchNormalization and Relu). In file order.
/// Cost: linear in nodes and tensors.
std::map<std::string, std::vector<std::string>> fused_names(const PreparedModel& prepared,
                                                            const Annotation& annotation);

}  // namespace rangefinder::passes
