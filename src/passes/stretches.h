#pragma once

#include <onnx/onnx_pb.h>

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "passes/atoms.h"
#include "passes/prepare.h"

namespace rangefinder::passes {

/// Nodes of a prepared model that follow each other, as a model of its own. It reads what stretches
/// before it give and the whole model's inputs, as far as it needs them, and gives what those
/// behind it read and what is revealed.
struct Stretch {
  onnx::ModelProto model;
  /// Names of what it reads, constants aside, and of what it gives.
  std::vector<std::string> reads = {};
  std::vector<std::string> gives = {};
};

/// Cuts a prepared model into at most `most` stretches, which give the `revealed` tensors if they
/// are run one after the other; nodes that none of these needs are in no stretch.
///
/// Cuts lie before the weighted nodes of atoms, about as many atoms apart, where fewest tensors
/// cross. What crosses is a tensor of numbers. A model that cannot be cut, or in which no node
/// makes a revealed tensor, is one stretch with the outputs that it has and the revealed tensors.
/// Depends on the graph alone. Cost: linear in nodes and reads, and in what crosses each cut.
std::vector<Stretch> cut_into_stretches(const PreparedModel& prepared,
                                        const std::vector<Atom>& atoms,
                                        std::span<const std::string> revealed, size_t most);

}  // namespace rangefinder::passes
