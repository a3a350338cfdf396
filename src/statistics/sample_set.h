#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace rangefinder::statistics {

/// Which samples of a data set were seen, by index. Equal sets have equal state.
class SampleSet {
 public:
  /// The indices first..last, both included.
  struct Run {
    uint64_t first;
    uint64_t last;

    bool operator==(const Run&) const = default;
  };

  SampleSet() = default;
  /// Any order. Throws std::invalid_argument if an index comes twice.
  static SampleSet of(std::vector<uint64_t> indices);
  /// Throws std::invalid_argument unless the runs ascend with at least one index between two.
  static SampleSet from_runs(std::vector<Run> runs);

  uint64_t count() const;
  bool empty() const { return runs_.empty(); }
  bool contains(uint64_t index) const;
  bool overlaps(const SampleSet& other) const;
  /// How many of its indices are less.
  uint64_t rank(uint64_t index) const;
  /// Throws std::invalid_argument if the two overlap.
  void merge(const SampleSet& other);
  /// Adds the indices of `other`, which may be here already.
  void unite(const SampleSet& other);
  /// The indices that are not in `other`.
  SampleSet without(const SampleSet& other) const;
  /// In ascending order those from number `begin` on and before number `end`, counted from 0; fewer
  /// if there are not as many.
  SampleSet slice(uint64_t begin, uint64_t end) const;
  /// Ascending, with at least one index between two.
  std::span<const Run> runs() const { return runs_; }

  bool operator==(const SampleSet&) const = default;

 private:
  std::vector<Run> runs_;
};

}  // namespace rangefinder::statistics
