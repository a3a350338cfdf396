#pragma once

#include <cstdint>
#include <optional>

#include "analysis/noise_bound.h"
#include "quantization/error_metrics.h"
#include "tensor/tensor.h"

namespace rangefinder::analysis {

/// Rows with so many columns may be scores of classes though they are not shares.
inline constexpr int64_t kManyColumns = 16;
/// And if their largest value stands out by so many standard deviations of the row, on average. A
/// class does (3.2 of 19, 16 of 8210); coordinates in pixels, whose softmax also gives all to one,
/// are spread evenly (2.1 to 2.3 of boxes and landmarks).
inline constexpr double kTopDeviations = 2.5;

/// What becomes of the largest value of each row, where rows are scores of classes: what a
/// classifier's users see of an error.
///
/// How often two models disagree says little: they do where two classes are close and either answer
/// is as likely to be right. The loss weighs that: it is the share that the float model gives to
/// its own choice less what it gives to the other model's choice. Were its shares probabilities,
/// its mean would be what the other model's accuracy is expected to be lower by. Rows that are no
/// shares (none negative, sum 1) are made shares by softmax.
///
/// The rows of a tensor with three dimensions may be the letters of one text, which is right as a
/// whole or not at all: what they lose is added up, too.
struct TopRows {
  uint64_t row_count = 0;
  /// Rows in which both have the largest value at the same place; of equal ones the first.
  uint64_t same_count = 0;
  quantization::CompensatedSum loss = {};
  quantization::CompensatedSum squared_loss = {};

  /// The float model's shares of its own choices.
  quantization::CompensatedSum top_share_sum = {};
  /// By how many standard deviations of its row the largest value is above the row's mean.
  quantization::CompensatedSum top_deviation_sum = {};
  /// Whether all rows were shares as they were, and whether all had kManyColumns.
  bool are_shares = true;
  bool has_many_columns = true;

  /// Of each text the loss of all its rows, at most 1; texts only if all tensors were such.
  bool are_texts = true;
  uint64_t text_count = 0;
  quantization::CompensatedSum text_loss = {};
  quantization::CompensatedSum squared_text_loss = {};

  /// Adds the rows along the last axis of two tensors of one shape: of one with two dimensions,
  /// with three if there are kManyColumns, with any number if they are shares. Fewer than two
  /// columns, or values that are not finite, are no scores.
  void add(const tensor::Tensor& real, const tensor::Tensor& restored);
  void merge(const TopRows& other);

  /// Whether the rows are scores of classes, as far as can be told: shares, or many columns of
  /// which one has most of the softmax and stands out by kTopDeviations. Others may be coordinates,
  /// or features.
  bool are_classes() const;

  /// All are empty without rows; the bound also with a single row or text.
  std::optional<double> same_share() const;
  std::optional<double> mean_loss() const;
  /// Of whole texts; empty also if there are none.
  std::optional<double> mean_text_loss() const;
  /// mean_loss() and kBoundErrors of its standard errors; of texts their mean loss and its errors.
  std::optional<double> loss_bound() const;

 private:
  void add_text(double lost);
};

/// Signal and noise of what a Softmax was given, told from what it made: the logarithms of the
/// shares in each row less their mean, which are its inputs less theirs. Empty unless all rows of
/// both tensors are shares.
///
/// Shares themselves tell little: where a network is sure, they are 1 and 0 whatever the error, and
/// the few rows in which it is not decide the ratio by chance. Shares below 1e-7 count as that.
std::optional<SamplePower> score_power(const tensor::Tensor& real, const tensor::Tensor& restored);

}  // namespace rangefinder::analysis
