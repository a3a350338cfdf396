#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "refine/code_rows.h"
#include "refine/sample_rows.h"
#include "refine/square_matrix.h"

namespace rangefinder::refine {

/// How many rows are looked at.
struct RowCounts {
  size_t samples = 0;
  /// Of a sample.
  size_t rows = 0;
};

/// Of each four samples the last one only judges: its rows are in no gram matrix.
inline bool judges(uint64_t sample) { return sample % 4 == 3; }

/// Rows of one tensor that weights are multiplied by, and those of them that were seen.
struct RowSource {
  std::string tensor;
  InputRows rows;
  InputCodes input;
  /// By sample number.
  std::vector<SampledRows> samples = {};

  /// Rows of one group in those samples that judge, or in those that do not.
  CodeRows group_rows(size_t group, bool judging) const;
  /// Over all samples, of one group: rows that were kept, or all that there were.
  size_t count(size_t SampledRows::*which) const;
};

/// Weights that are rounded by the same rows: those of several nodes that read one tensor alike,
/// or weights that are each read by the same several nodes, whose rows stand beside each other.
class WeightSite {
 public:
  /// Throws std::invalid_argument unless there is a source and all have as many groups and columns.
  explicit WeightSite(std::vector<RowSource> rows);

  /// The same for weights that belong to one site.
  std::string key() const;
  size_t group_count() const { return sources.front().rows.group_count(); }
  size_t column_count() const { return sources.front().rows.column_count(); }

  /// Rows of a source that are kept of one sample: of those that judge a quarter. Several sources
  /// share the rows of one.
  size_t rows_of_sample(const RowCounts& counts, uint64_t sample) const;
  /// For the rows of all samples.
  uint64_t bytes(const RowCounts& counts) const;
  /// What rounding takes beside the rows: the gram matrix, and the rows once more as pairs.
  uint64_t work_bytes(const RowCounts& counts) const;

  /// Multiplications of the nodes' own, over all rows of the samples.
  double products() const;
  /// Of the gram matrices (those of codes take half as long), their factors, the rounding and its
  /// losses [weight_rounding.md, Cost].
  double work() const;

  bool has_rows() const;
  /// What an error at a row of the source counts beside one of the first source: the square of
  /// their scales' ratio, and how many rows one that was kept stands for. 1 for the first.
  double share(size_t source) const;
  /// The gram matrices of all sources, in the units of the first, of rows that do not judge
  /// [weight_rounding.md (8)].
  SquareMatrix gram(size_t group) const;

  std::vector<RowSource> sources;
  /// Places in the list of weights: for each weight of the site those of its readers, one a source.
  std::vector<std::vector<size_t>> weights = {};
  /// Outputs of all weights.
  size_t channels = 0;
  /// Why it cannot be done.
  std::string obstacle = {};
};

}  // namespace rangefinder::refine
