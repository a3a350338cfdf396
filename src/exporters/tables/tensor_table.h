#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace rangefinder::graph {
class Graph;
}  // namespace rangefinder::graph

namespace rangefinder::exporters {

/// One tensor that is held in codes: real = (code - zero_point) * scale.
///
/// Made by read_qdq_table() and read_summary_table(), read by the writers of all table formats.
struct TableTensor {
  std::string name = {};
  /// The first tensor of the table that shares its parameters; itself if it has its own.
  std::string root = {};
  /// Along which the parameters differ; empty: one scale and one zero point.
  std::optional<int64_t> axis = {};
  std::vector<float> scale = {};
  std::vector<int32_t> zero_point = {};
  /// Smallest and largest code of the type.
  int64_t quant_min = 0;
  int64_t quant_max = 255;
  /// Of a parameter; empty for activations.
  std::vector<int64_t> shape = {};

  bool is_per_channel() const { return axis.has_value(); }
  /// How many bits hold a code.
  int bits() const;
  /// The zero point is the middle code, in every channel: codes on either side mean the same.
  bool is_symmetric() const;
  /// Real values of the outermost codes.
  std::pair<double, double> range(size_t channel = 0) const;
  /// The largest magnitude that both signs can show if symmetric; else of all that a code can show.
  double largest_magnitude(size_t channel = 0) const;
};

/// A node that computes on codes.
struct TableLayer {
  std::string name = {};
  std::string op_type = {};
  /// Tensors of the table that it reads, by input; empty: something else is read there.
  std::vector<std::string> inputs = {};
  /// The tensor of the table that it makes, through a Relu or Clip if one follows; may be empty.
  std::string output = {};
  /// What the node's own output is called.
  std::string own_output = {};
  /// The name of its weight among the parameters; empty if it has none there.
  std::string weight = {};
  /// Of the weight: where the channels that the node makes lie (see output_channel_axis()), and in
  /// how many groups.
  std::optional<int64_t> weight_axis = {};
  int64_t group = 1;
};

/// What is known of a quantized network, whatever it was read from.
struct TensorTable {
  /// The file, for messages.
  std::string source = {};
  /// In graph order.
  std::vector<TableTensor> activations = {};
  /// Weights; biases are no part of any table, their scale follows from others.
  std::vector<TableTensor> parameters = {};
  std::vector<TableLayer> layers = {};
  /// Shape of the first input of the graph, -1 for what is open; empty if it is not known.
  std::vector<int64_t> input_shape = {};
  /// Activations that are no tensors of the float model and so are not in the table.
  std::vector<std::string> left_out = {};
};

/// Leaves out activations that the float model does not have: what it was prepared with (a gate
/// that stands for a part of HardSwish) means nothing to who reads the table. Throws Error if none
/// is left: the float model is another one.
void keep_known(TensorTable& table, const std::unordered_set<std::string>& known);

/// TensorTable::input_shape of a model.
std::vector<int64_t> first_input_shape(graph::Graph& graph);

/// The step of symmetric int8 codes that reach to the largest magnitude at 127. Throws Error naming
/// the tensor unless it has one scale and 8 bits.
float symmetric_int8_scale(const TableTensor& tensor, std::string_view format);

/// The tensors of a list, which must outlive the result.
std::unordered_map<std::string_view, const TableTensor*> by_name(
    const std::vector<TableTensor>& tensors);

/// Throws Error naming the tensor unless it has one scale.
void require_per_tensor(const TableTensor& tensor, std::string_view format);
/// Throws Error naming the tensor unless its codes have at most so many bits.
void require_bits(const TableTensor& tensor, int most, std::string_view format);
/// Throws Error naming the tensor or layer: JSON and FlatBuffers hold names of valid UTF-8 only.
void require_utf8(std::string_view name, std::string_view format);
/// Throws Error naming the tensor or layer if it holds one of `characters`; `what` tells them.
void require_without(std::string_view name, std::string_view characters, std::string_view what,
                     std::string_view format);

}  // namespace rangefinder::exporters
