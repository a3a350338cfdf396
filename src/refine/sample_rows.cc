#include "refine/sample_rows.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <stdexcept>

#include "base/fingerprint.h"
#include "graph/attributes.h"

namespace rangefinder::refine {
namespace {

/// SplitMix64: https://prng.di.unimi.it/splitmix64.c. The same numbers everywhere, which the
/// standard library's distributions do not promise.
class RandomNumbers {
 public:
  explicit RandomNumbers(uint64_t seed) : state_(seed) {}
  size_t below(size_t limit) {
    uint64_t z = state_ += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return static_cast<size_t>((z ^ (z >> 31)) % limit);
  }

 private:
  uint64_t state_;
};

size_t matrix_columns(const onnx::NodeProto& node, const tensor::Shape& weight) {
  if (weight.empty()) throw std::invalid_argument("its weight has no dimensions");
  const bool transposed = node.op_type() == "Gemm" && graph::int_attribute(node, "transB", 0) != 0;
  if (weight.size() == 1 || transposed) return static_cast<size_t>(weight.back());
  return static_cast<size_t>(weight[weight.size() - 2]);
}

/// How many matrices along which axes a MatMul multiplies by; none of them: one.
tensor::Shape stack_of(const tensor::Shape& weight) {
  if (weight.size() < 3) return {};
  const auto first =
      std::find_if(weight.begin(), weight.end() - 2, [](int64_t n) { return n > 1; });
  return {first, weight.end() - 2};
}

/// A kernel that takes one pixel at a time.
graph::ConvolutionAttributes pixel_attributes(const onnx::NodeProto& node,
                                              const tensor::Shape& weight) {
  const size_t axes = weight.size() - 2;
  return {.kernel_shape = std::vector<int64_t>(axes, 1),
          .group = graph::int_attribute(node, "group", 1)};
}

std::string key_of(const graph::ConvolutionAttributes& attributes) {
  return fmt::format("{} {} {} {} {} {}", attributes.auto_pad, attributes.kernel_shape,
                     attributes.strides, attributes.dilations, attributes.pads, attributes.group);
}

}  // namespace

InputCodes::InputCodes(const quantization::TensorQuantizationConfig& config) : InputCodes(1, 0, 0) {
  if (config.scale.size() != 1 || config.quant_max - config.quant_min > 255) {
    throw std::invalid_argument("its input does not have one scale and 8 bits");
  }
  scale_ = config.scale[0];
  zero_ = static_cast<int>(config.offset[0] - config.quant_min);
  largest_ = static_cast<int>(config.quant_max - config.quant_min);
}

bool InputCodes::write(std::span<const float> reals, uint8_t* codes) const {
  // Where floats are 1 apart: adding this rounds to integers, half to even, without a call.
  constexpr float kRound = 0x1.8p23f;
  const auto least = static_cast<float>(-zero_);
  const auto most = static_cast<float>(largest_ - zero_);
  bool is_finite = true;
  for (size_t i = 0; i < reals.size(); ++i) {
    const float steps = std::min(std::max(least, reals[i] / scale_), most);
    codes[i] = static_cast<uint8_t>(static_cast<int>((steps + kRound) - kRound) + zero_);
    is_finite &= reals[i] - reals[i] == 0.0f;
  }
  return is_finite;
}

/// The rows of one tensor, before any is chosen.
class InputRows::Source {
 public:
  Source(const InputRows& rows, const tensor::TensorView& values) : rows_(rows) {
    if (values.type != tensor::ElementType::kFloat32) {
      throw std::invalid_argument(
          fmt::format("its input is {}", tensor::element_name(values.type)));
    }
    values_ = values.floats();
    if (rows.convolution_) {
      open_convolution(values.shape);
    } else {
      open_matrix(values.shape);
    }
  }

  size_t row_count() const { return row_count_; }

  /// Row number `row` of every group, one behind the other, in the order of kernels. Good until the
  /// next call.
  std::span<const float> row(size_t row) {
    if (rows_.convolution_) return window_row(row);
    if (!rows_.stack_.empty()) return stacked_row(row);
    if (!rows_.transposed_) return values_.subspan(row * rows_.columns_, rows_.columns_);
    for (size_t k = 0; k < row_.size(); ++k) row_[k] = values_[k * row_count_ + row];
    return row_;
  }

 private:
  void open_convolution(const tensor::Shape& shape) {
    geometry_ = graph::convolution_geometry(*rows_.convolution_, shape);
    const auto channels = static_cast<size_t>(geometry_.channels);
    const auto window = static_cast<size_t>(geometry_.kernel_size());
    sample_size_ = static_cast<size_t>(geometry_.sample_size());
    if (channels * window != rows_.groups_ * rows_.columns_) refuse(shape);
    row_count_ = static_cast<size_t>(shape[0] * geometry_.windows());
    window_.resize(channels * window);
    row_.resize(channels * window);
  }

  void open_matrix(const tensor::Shape& shape) {
    const size_t axis = rows_.transposed_ ? 0 : shape.size() - 1;
    if (shape.empty() || static_cast<size_t>(shape[axis]) != rows_.columns_) refuse(shape);
    const size_t width = rows_.groups_ * rows_.columns_;
    row_count_ = width == 0 ? 0 : values_.size() / width;
    row_.resize(width);
    if (!rows_.stack_.empty()) open_stack(shape);
  }

  /// [..., stack, matrix_rows_, columns]
  void open_stack(const tensor::Shape& shape) {
    const size_t axes = rows_.stack_.size() + 2;
    if (shape.size() < axes || !std::equal(rows_.stack_.begin(), rows_.stack_.end(),
                                           shape.end() - static_cast<ptrdiff_t>(axes))) {
      refuse(shape);
    }
    matrix_rows_ = static_cast<size_t>(shape[shape.size() - 2]);
  }

  void refuse(const tensor::Shape& shape) const {
    throw std::invalid_argument(fmt::format("an input of shape {} for {} groups of {} columns",
                                            tensor::to_string(shape), rows_.groups_,
                                            rows_.columns_));
  }

  std::span<const float> stacked_row(size_t row) {
    const size_t columns = rows_.columns_;
    const size_t matrix = row / matrix_rows_ * rows_.groups_;
    for (size_t group = 0; group < rows_.groups_; ++group) {
      const size_t from = ((matrix + group) * matrix_rows_ + row % matrix_rows_) * columns;
      std::ranges::copy(values_.subspan(from, columns), row_.data() + group * columns);
    }
    return row_;
  }

  std::span<const float> window_row(size_t row) {
    const auto windows = static_cast<size_t>(geometry_.windows());
    graph::copy_window(geometry_, values_.subspan(row / windows * sample_size_, sample_size_),
                       static_cast<int64_t>(row % windows), window_);
    const auto positions = static_cast<size_t>(geometry_.kernel_size());
    const size_t channels = rows_.columns_ / positions;
    if (positions == 1 || channels == 1) return window_;
    for (size_t group = 0; group < rows_.groups_; ++group) {
      const size_t first = group * rows_.columns_;
      transpose(window_.data() + first, channels, positions, row_.data() + first);
    }
    return row_;
  }

  /// Kernels go through the channels of one position of the window before the next.
  static void transpose(const float* from, size_t channels, size_t positions, float* to) {
    for (size_t c = 0; c < channels; ++c) {
      for (size_t p = 0; p < positions; ++p) to[p * channels + c] = from[c * positions + p];
    }
  }

  const InputRows& rows_;
  std::span<const float> values_;
  size_t row_count_ = 0;
  graph::PatchGeometry geometry_;
  size_t sample_size_ = 0;
  /// Of one matrix of a stack.
  size_t matrix_rows_ = 0;
  /// A window as it lies in the tensor, and in the order of kernels.
  std::vector<float> window_;
  std::vector<float> row_;
};

InputRows::InputRows(const onnx::NodeProto& node, const tensor::Shape& weight) {
  const bool is_transposed_convolution = node.op_type() == "ConvTranspose";
  if (node.op_type() != "Conv" && !is_transposed_convolution) {
    transposed_ = node.op_type() == "Gemm" && graph::int_attribute(node, "transA", 0) != 0;
    columns_ = matrix_columns(node, weight);
    stack_ = stack_of(weight);
    groups_ = static_cast<size_t>(tensor::element_count(stack_));
    key_ = stack_.empty() ? (transposed_ ? "columns" : "rows") : fmt::format("rows {}", stack_);
    return;
  }
  if (weight.size() < 3 || weight.size() > 5) {
    throw std::invalid_argument(fmt::format("its weights have {} dimensions", weight.size()));
  }
  convolution_ = is_transposed_convolution ? pixel_attributes(node, weight)
                                           : graph::convolution_attributes(node, weight);
  groups_ = static_cast<size_t>(convolution_->group);
  columns_ = is_transposed_convolution
                 ? static_cast<size_t>(weight[0]) / groups_
                 : static_cast<size_t>(tensor::element_count(weight) / weight[0]);
  key_ = key_of(*convolution_);
}

std::optional<SampledRows> InputRows::sample(const tensor::TensorView& values,
                                             const InputCodes& input, uint64_t seed,
                                             size_t most) const {
  Source source(*this, values);
  const std::vector<size_t> chosen = choose_rows(source.row_count(), most, seed);
  SampledRows sampled{chosen.size(), source.row_count(), {}};
  sampled.codes.resize(groups_ * chosen.size() * columns_);
  for (size_t i = 0; i < chosen.size(); ++i) {
    const std::span<const float> row = source.row(chosen[i]);
    for (size_t group = 0; group < groups_; ++group) {
      uint8_t* target = sampled.codes.data() + (group * chosen.size() + i) * columns_;
      if (!input.write(row.subspan(group * columns_, columns_), target)) return {};
    }
  }
  return sampled;
}

uint64_t row_seed(std::string_view tensor, uint64_t sample) {
  Fingerprint seed;
  seed.add(tensor);
  seed.add_number(sample);
  return seed.value();
}

std::vector<size_t> choose_rows(size_t total, size_t most, uint64_t seed) {
  const size_t count = std::min(total, most);
  RandomNumbers random(seed);
  std::vector<size_t> rows;
  for (size_t i = 0; i < count; ++i) {
    const size_t begin = i * total / count;
    const size_t end = (i + 1) * total / count;
    rows.push_back(begin + random.below(end - begin));
  }
  return rows;
}

}  // namespace rangefinder::refine
