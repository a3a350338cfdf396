#include "analysis/top_rows.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>
#include <vector>

namespace rangefinder::analysis {
namespace {

using Row = std::span<const float>;

/// Sums of shares are as exact as float32 and a softmax of codes allow.
constexpr double kShareTolerance = 1e-3;
constexpr double kLeastShare = 1e-7;

bool are_shares(Row row) {
  double sum = 0;
  for (const float x : row) {
    if (!(x >= 0)) return false;
    sum += static_cast<double>(x);
  }
  return std::abs(sum - 1) <= kShareTolerance;
}

bool are_all_shares(Row values, size_t columns) {
  for (size_t at = 0; at < values.size(); at += columns) {
    if (!are_shares(values.subspan(at, columns))) return false;
  }
  return true;
}

size_t top_of(Row row) {
  return static_cast<size_t>(std::max_element(row.begin(), row.end()) - row.begin());
}

/// The share of the column that has the largest value.
double top_share(Row row, size_t top, bool is_share) {
  if (is_share) return static_cast<double>(row[top]);
  double sum = 0;
  for (const float x : row) sum += std::exp(static_cast<double>(x) - static_cast<double>(row[top]));
  return 1 / sum;
}

/// By how many standard deviations of the row its largest value is above the mean.
double top_deviation(Row row, size_t top) {
  double sum = 0;
  for (const float x : row) sum += static_cast<double>(x);
  const double mean = sum / static_cast<double>(row.size());
  double squares = 0;
  for (const float x : row) squares += std::pow(static_cast<double>(x) - mean, 2);
  if (squares == 0) return 0;
  const double distance = static_cast<double>(row[top]) - mean;
  return distance / std::sqrt(squares / static_cast<double>(row.size()));
}

/// What `found` has less than `top`, whose share is given.
double lost_share(Row row, size_t top, size_t found, double share, bool is_share) {
  const auto own = static_cast<double>(row[top]);
  const auto other = static_cast<double>(row[found]);
  return is_share ? own - other : share * (1 - std::exp(other - own));
}

bool has_rows(const tensor::Tensor& values) {
  const auto& shape = values.shape();
  return shape.size() >= 2 && shape.back() >= 2 && values.element_count() > 0 &&
         tensor::is_floating(values.type());
}

/// Of how many rows a text is; 0 if rows are no letters. The texts of a batch come one after the
/// other, unless the second dimension says that there is a single one.
size_t rows_in_text(const tensor::Shape& shape) {
  if (shape.size() != 3) return 0;
  return static_cast<size_t>(shape[1] == 1 ? shape[0] : shape[1]);
}

/// The mean and kBoundErrors of its standard errors. Losses lie between 0 and 1: nothing cancels
/// that the first digits of the result need.
std::optional<double> bound_of_mean(uint64_t number, double sum, double squares) {
  if (number < 2) return std::nullopt;
  const auto count = static_cast<double>(number);
  const double mean = sum / count;
  const double variance = std::max(0.0, squares - count * mean * mean) / (count - 1);
  return mean + kBoundErrors * std::sqrt(variance / count);
}

/// The logarithms of a row of shares, less their mean.
std::vector<double> centered_logarithms(Row row) {
  std::vector<double> values;
  double sum = 0;
  for (const float x : row) {
    values.push_back(std::log(std::max(static_cast<double>(x), kLeastShare)));
    sum += values.back();
  }
  for (double& value : values) value -= sum / static_cast<double>(row.size());
  return values;
}

}  // namespace

std::optional<SamplePower> score_power(const tensor::Tensor& real, const tensor::Tensor& restored) {
  if (!has_rows(real)) return std::nullopt;
  const tensor::Tensor own = real.to_float32();
  const tensor::Tensor other = restored.to_float32();
  const auto columns = static_cast<size_t>(real.shape().back());
  if (!are_all_shares(own.floats(), columns) || !are_all_shares(other.floats(), columns)) {
    return std::nullopt;
  }
  quantization::CompensatedSum signal;
  quantization::CompensatedSum noise;
  for (size_t at = 0; at < own.floats().size(); at += columns) {
    const auto a = centered_logarithms(Row(own.floats()).subspan(at, columns));
    const auto b = centered_logarithms(Row(other.floats()).subspan(at, columns));
    for (size_t i = 0; i < columns; ++i) {
      signal.add(a[i] * a[i]);
      noise.add((a[i] - b[i]) * (a[i] - b[i]));
    }
  }
  return SamplePower{signal.value(), noise.value()};
}

void TopRows::add(const tensor::Tensor& real, const tensor::Tensor& restored) {
  const auto& shape = real.shape();
  if (!has_rows(real)) return;
  const tensor::Tensor own = real.to_float32();
  const tensor::Tensor other = restored.to_float32();
  const auto is_finite = [](float x) { return std::isfinite(x); };
  if (!std::ranges::all_of(own.floats(), is_finite)) return;
  if (!std::ranges::all_of(other.floats(), is_finite)) return;
  const auto columns = static_cast<size_t>(shape.back());
  const bool is_share = are_all_shares(own.floats(), columns);
  const size_t most_dimensions = shape.back() >= kManyColumns ? 3 : 2;
  if (shape.size() > most_dimensions && !is_share) return;
  are_shares = are_shares && is_share;
  has_many_columns = has_many_columns && shape.back() >= kManyColumns;
  const size_t rows_of_text = rows_in_text(shape);
  are_texts = are_texts && rows_of_text > 0;
  double lost_of_text = 0;
  for (size_t at = 0; at < own.floats().size(); at += columns) {
    const Row row = Row(own.floats()).subspan(at, columns);
    const size_t top = top_of(row);
    const size_t found = top_of(Row(other.floats()).subspan(at, columns));
    const double share = top_share(row, top, is_share);
    const double lost = lost_share(row, top, found, share, is_share);
    ++row_count;
    same_count += top == found;
    top_share_sum.add(share);
    top_deviation_sum.add(top_deviation(row, top));
    loss.add(lost);
    squared_loss.add(lost * lost);
    lost_of_text += lost;
    if (rows_of_text > 0 && (at / columns + 1) % rows_of_text == 0) {
      add_text(std::exchange(lost_of_text, 0));
    }
  }
}

void TopRows::add_text(double lost) {
  const double share = std::min(1.0, lost);
  ++text_count;
  text_loss.add(share);
  squared_text_loss.add(share * share);
}

void TopRows::merge(const TopRows& other) {
  row_count += other.row_count;
  same_count += other.same_count;
  top_share_sum.add(other.top_share_sum.value());
  top_deviation_sum.add(other.top_deviation_sum.value());
  are_shares = are_shares && other.are_shares;
  has_many_columns = has_many_columns && other.has_many_columns;
  loss.add(other.loss.value());
  squared_loss.add(other.squared_loss.value());
  are_texts = are_texts && other.are_texts;
  text_count += other.text_count;
  text_loss.add(other.text_loss.value());
  squared_text_loss.add(other.squared_text_loss.value());
}

bool TopRows::are_classes() const {
  if (row_count == 0) return false;
  constexpr double kMost = 0.5;
  const auto rows = static_cast<double>(row_count);
  return are_shares || (has_many_columns && top_share_sum.value() > kMost * rows &&
                        top_deviation_sum.value() >= kTopDeviations * rows);
}

std::optional<double> TopRows::same_share() const {
  if (row_count == 0) return std::nullopt;
  return static_cast<double>(same_count) / static_cast<double>(row_count);
}

std::optional<double> TopRows::mean_loss() const {
  if (row_count == 0) return std::nullopt;
  return loss.value() / static_cast<double>(row_count);
}

std::optional<double> TopRows::mean_text_loss() const {
  if (!are_texts || text_count == 0) return std::nullopt;
  return text_loss.value() / static_cast<double>(text_count);
}

std::optional<double> TopRows::loss_bound() const {
  if (are_texts) return bound_of_mean(text_count, text_loss.value(), squared_text_loss.value());
  return bound_of_mean(row_count, loss.value(), squared_loss.value());
}

}  // namespace rangefinder::analysis
