#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "quantization/affine.h"
#include "refine/spread_stretches.h"
#include "statistics/channel_spread.h"
#include "statistics/tensor_statistics.h"

namespace rangefinder::refine {

/// Constant weights that a tensor is multiplied by, as a matrix: `rows` channels of the tensor,
/// row-major.
struct ReadMatrix {
  std::vector<float> values = {};
  size_t rows = 0;
  size_t columns = 0;
  /// Neighboring columns that belong to one output, and have one step: the window of a convolution.
  size_t taps = 1;
  /// Rows of one group of a convolution: each group has outputs of its own. 0: there is one group.
  size_t group_rows = 0;
  /// What rounding does to its mean output is put into a bias afterwards.
  bool is_mean_corrected = false;
  /// Rounding it counts; not if it reads another tensor of which this one is a summand.
  bool is_rounded = true;

  /// A convolution by channel: scales of outputs are those of rows.
  bool is_by_channel() const { return group_rows == 1; }
};

/// Which scale and zero point a tensor of such values gets.
using FindParameters =
    std::function<quantization::AffineParameters(const statistics::TensorStatistics& values)>;

/// What is known of one channel, whatever it is divided by.
struct ChannelFigures {
  double largest = 0;
  double count = 0;
  double square_mean = 0;
  double variance = 0;
  /// Octave by octave; those of octave o from first[o] to first[o + 1].
  std::vector<Stretch> stretches = {};
  using PerOctave = std::array<double, statistics::ChannelSpread::kOctaveCount + 1>;
  std::array<size_t, statistics::ChannelSpread::kOctaveCount + 1> first = {};
  /// Values, and sum of their squares, of all octaves below.
  PerOctave counts_below = {};
  PerOctave squares_below = {};
};

/// The error that rounding makes in products of a tensor with constant matrices, estimated from
/// what was counted of the tensor's channels, if channel c is divided by 2^exponents[c] and row c
/// multiplied by it: docs/numerics/smoothing.md (3) to (6).
class ProductError {
 public:
  /// `spread`, `grid` and `find` must outlive this. Throws std::invalid_argument unless the
  /// matrices have a row for each channel. Cost: a pass over the matrices.
  ProductError(const statistics::ChannelSpread& spread, std::span<const ReadMatrix> matrices,
               const quantization::Grid& grid, const FindParameters& find);

  const std::vector<ChannelFigures>& channels() const { return channels_; }

  /// Squared error over signal, summed over the matrices. Cost: one call of `find`, the counts,
  /// and a look at about kMostColumns columns of each matrix.
  double operator()(std::span<const int> exponents) const;

  static constexpr size_t kMostColumns = 256;

 private:
  /// What is needed of one matrix.
  struct Matrix {
    /// Squares of each row, summed.
    std::vector<double> row_power = {};
    double signal = 0;
    /// Magnitudes of some columns, evenly apart, and for how many each stands.
    std::vector<float> sampled = {};
    size_t sampled_columns = 0;
    size_t taps = 1;
    size_t group_rows = 0;
    double weight = 1;
    bool is_mean_corrected = false;
    bool is_rounded = true;
  };

  Matrix figures_of(const ReadMatrix& matrix) const;
  /// `powers`: of what each row is multiplied by.
  double weight_error(const Matrix& matrix, std::span<const int> exponents,
                      std::span<const double> powers) const;
  /// Of the rows from `first` to `last`, which share their outputs' steps.
  static double group_error(const Matrix& matrix, std::span<const int> exponents,
                            std::span<const double> powers, size_t first, size_t last);

  const statistics::ChannelSpread& spread_;
  const quantization::Grid& grid_;
  const FindParameters& find_;
  std::vector<ChannelFigures> channels_;
  std::vector<Matrix> matrices_;
};

}  // namespace rangefinder::refine
