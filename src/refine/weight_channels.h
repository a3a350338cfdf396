#pragma once

#include <onnx/onnx_pb.h>

#include <cstddef>

namespace rangefinder::refine {

/// Which channel of its input and of its output each element of a weight belongs to. Of the weight
/// of a Conv or ConvTranspose, in groups or not, of a Gemm, or the matrix of a MatMul.
class WeightChannels {
 public:
  /// Throws std::invalid_argument if the weight has fewer than two dimensions, or a matrix more, or
  /// the groups do not divide it.
  WeightChannels(const onnx::NodeProto& node, const onnx::TensorProto& weight);

  size_t input_count() const { return has_inputs_first_ ? first_ : second_ * groups_; }
  size_t output_count() const { return has_inputs_first_ ? second_ * groups_ : first_; }
  /// Inputs and outputs of one group belong together.
  size_t group_count() const { return groups_; }
  /// Elements for each pair of an input and an output.
  size_t tap_count() const { return taps_; }
  size_t element_count() const { return first_ * second_ * taps_; }

  size_t input_of(size_t element) const {
    return has_inputs_first_ ? first_of(element) : grouped(element);
  }
  size_t output_of(size_t element) const {
    return has_inputs_first_ ? grouped(element) : first_of(element);
  }

 private:
  size_t first_of(size_t element) const { return element / (second_ * taps_); }
  /// The channel along the second axis, which counts those of one group.
  size_t grouped(size_t element) const {
    const size_t group = first_of(element) / (first_ / groups_);
    return group * second_ + element / taps_ % second_;
  }

  size_t first_;
  size_t second_;
  size_t taps_ = 1;
  size_t groups_ = 1;
  bool has_inputs_first_;
};

}  // namespace rangefinder::refine
