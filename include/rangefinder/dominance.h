#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "rangefinder/export.h"
#include "rangefinder/tensor_quantization_config.h"

namespace rangefinder {

/// Which config rules which: a shared tensor has one root, whose scale and offset all others use.
///
/// Disjoint sets with path compression (Tarjan 1975): nearly O(1) each. Configs are named by their
/// index in the caller's list. Two ways to lose one's own parameters:
/// - dominated: another config already quantizes this very tensor (a fused operator, a data mover);
///   the dominated one becomes OVERLAPPED and quantizes nothing;
/// - mastered: the config stays in force but takes its numbers from the master (aligned inputs, a
///   clip bound); it becomes PASSIVE if the master is active, else PASSIVE_INIT.
/// Unlike the reference, mastering too refuses cycles.
class RANGEFINDER_API Dominance {
 public:
  /// `count` configs, each its own root.
  explicit Dominance(size_t count);

  size_t size() const { return parents_.size(); }
  /// The config whose parameters are in force for `index`.
  size_t root(size_t index) const;
  bool is_root(size_t index) const { return root(index) == index; }
  /// All members of the set of `index`, itself included, ascending.
  std::vector<size_t> group(size_t index) const;

  /// `index` and its whole group are ruled by the root of `dominator`. Does nothing if they
  /// already share it by way of `dominator` ruling `index`. Throws std::invalid_argument if both
  /// are the same, if `index` is the root of `dominator` (a cycle), or a state forbids it; nothing
  /// is changed then. `configs` has size() entries.
  void dominate(size_t index, size_t dominator, std::span<TensorQuantizationConfig> configs);
  /// The same for mastering.
  void master(size_t index, size_t master, std::span<TensorQuantizationConfig> configs);

  /// Copies scale and offset of every root to the mastered members of its group and moves those
  /// that were PASSIVE_INIT to PASSIVE. Roots without parameters are skipped.
  void propagate(std::span<TensorQuantizationConfig> configs) const;

 private:
  void check(size_t index, size_t other, std::span<const TensorQuantizationConfig> configs) const;

  // Compressed on the way by root(); the sets themselves do not change.
  mutable std::vector<size_t> parents_;
};

}  // namespace rangefinder
