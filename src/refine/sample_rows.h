#pragma once

#include <onnx/onnx_pb.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "graph/patch_geometry.h"
#include "quantization/tensor_quantization_config.h"
#include "tensor/tensor.h"

namespace rangefinder::refine {

/// The codes of a tensor, counted from its smallest, which is 0.
class InputCodes {
 public:
  /// Throws std::invalid_argument unless the config has one scale and at most 256 codes.
  explicit InputCodes(const quantization::TensorQuantizationConfig& config);
  InputCodes(float scale, int zero, int largest = 255)
      : scale_(scale), zero_(zero), largest_(largest) {}

  float scale() const { return scale_; }
  /// The code of a real 0.
  int zero() const { return zero_; }
  /// As many codes as reals: clip(round(real / scale) + zero). False if a real is not finite; then
  /// its code is any.
  bool write(std::span<const float> reals, uint8_t* codes) const;

  bool operator==(const InputCodes&) const = default;

 private:
  float scale_;
  int zero_;
  int largest_;
};

/// Rows of one tensor, sampled: [group][row][column].
struct SampledRows {
  size_t row_count = 0;
  /// Of all rows that it was sampled from, of one group.
  size_t total_count = 0;
  std::vector<uint8_t> codes = {};
};

/// How the rows that a Conv, ConvTranspose, Gemm or MatMul multiplies its constant weights by lie
/// in its first input: windows of a convolution, one row for each and, of a grouped one, for each
/// group; pixels of a transposed one, each of which every position of its window multiplies; rows
/// or columns of a matrix, or of a stack of matrices, which form groups where the weights are a
/// stack, too. Columns are in the order in which kernels add up (passes::WeightLayout).
class InputRows {
 public:
  /// Throws std::invalid_argument saying what stands in the way: more than three spatial axes.
  InputRows(const onnx::NodeProto& node, const tensor::Shape& weight);

  size_t group_count() const { return groups_; }
  /// Of one group.
  size_t column_count() const { return columns_; }
  /// The same for nodes that read the same rows of a tensor.
  const std::string& key() const { return key_; }

  /// Codes of at most `most` rows, chosen by the seed alone, one in each of as many equal parts of
  /// all rows. Nothing if one of their values is not finite. Throws std::invalid_argument if the
  /// tensor does not fit.
  std::optional<SampledRows> sample(const tensor::TensorView& values, const InputCodes& input,
                                    uint64_t seed, size_t most) const;

 private:
  class Source;

  /// None: a matrix.
  std::optional<graph::ConvolutionAttributes> convolution_ = {};
  bool transposed_ = false;
  /// How many matrices the weights are, along which axes; none: one matrix.
  tensor::Shape stack_ = {};
  size_t groups_ = 1;
  size_t columns_ = 0;
  std::string key_;
};

/// The seed for the rows of a tensor in one sample.
uint64_t row_seed(std::string_view tensor, uint64_t sample);

/// `most` of `total` numbers, ascending, one in each of as many equal parts; all if there are no
/// more.
std::vector<size_t> choose_rows(size_t total, size_t most, uint64_t seed);

}  // namespace rangefinder::refine
