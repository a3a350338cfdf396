// MNN's own file of quantization parameters, MNN_compression.proto, which its converter applies to
// the model that it converts. Numbers of fields are those of that file:
//
//   Pipeline { 1 version, 2 CompressionAlgo { 1 type, 2 QuantizeParams { 1 round_mode, 4 layer } }
//   } layer { 1 input, 2 weight, 3 output } input, output { 1 name, 2 bits, 3 scales, 4 zero_point,
//   5 clamp_min, 6 clamp_max } weight { 1 name, 2 bits, 3 scales, 4 clamp_min, 5 clamp_max }

#include <algorithm>
#include <bit>
#include <cstdint>

#include "base/error.h"
#include "exporters/tables/writers.h"

namespace rangefinder::exporters {
namespace {

constexpr std::string_view kFormat = "mnn-compression";
constexpr int64_t kLeastCode = -128;
constexpr int64_t kMostCode = 127;
/// QuantizeParams.RoundMode; away from zero is how its kernels round.
constexpr int64_t kAwayFromZero = 1;
constexpr int64_t kQuantize = 0;

/// A message of Protocol Buffers as bytes.
class Message {
 public:
  Message& number(int field, int64_t value) {
    key(field, 0);
    varint(static_cast<uint64_t>(value));
    return *this;
  }

  Message& real(int field, float value) {
    key(field, 5);
    const auto bits = std::bit_cast<uint32_t>(value);
    for (int shift = 0; shift < 32; shift += 8) bytes_ += static_cast<char>(bits >> shift & 0xFF);
    return *this;
  }

  Message& text(int field, std::string_view value) {
    key(field, 2);
    varint(value.size());
    bytes_ += value;
    return *this;
  }

  const std::string& bytes() const { return bytes_; }

 private:
  void key(int field, unsigned type) { varint(static_cast<unsigned>(field) << 3 | type); }

  void varint(uint64_t value) {
    for (; value > 0x7F; value >>= 7) bytes_ += static_cast<char>((value & 0x7F) | 0x80);
    bytes_ += static_cast<char>(value);
  }

  std::string bytes_;
};

/// Codes of MNN are int8: those of uint8 less 128.
std::string activation(const TableTensor& tensor) {
  require_utf8(tensor.name, kFormat);
  require_per_tensor(tensor, kFormat);
  require_bits(tensor, 8, kFormat);
  const int64_t shift = kLeastCode - tensor.quant_min;
  // A code without a counterpart is no use to symmetric codes.
  const bool is_even = tensor.zero_point[0] + shift == 0;
  return Message()
      .text(1, tensor.name)
      .number(2, 8)
      .real(3, tensor.scale[0])
      .number(4, tensor.zero_point[0] + shift)
      .number(5, is_even ? -kMostCode : kLeastCode)
      .number(6, kMostCode)
      .bytes();
}

std::string weight_of(const TableLayer& layer, const TableTensor& weight) {
  require_utf8(weight.name, kFormat);
  require_bits(weight, 8, kFormat);
  if (weight.axis && weight.axis != layer.weight_axis) {
    throw Error("has no scale for each output channel, which MNN wants",
                {.node = layer.name, .tensor = weight.name});
  }
  Message message;
  message.text(1, weight.name).number(2, 8);
  // As many as there are channels, though they be one. MNN rounds the float weights to codes
  // without a zero point: all that these codes stand for must be in range.
  for (int64_t i = 0; i < weight.shape.at(static_cast<size_t>(*layer.weight_axis)); ++i) {
    const double largest = weight.largest_magnitude(weight.axis ? static_cast<size_t>(i) : 0);
    message.real(3, static_cast<float>(largest / kMostCode));
  }
  return message.number(4, -kMostCode).number(5, kMostCode).bytes();
}

/// MNN computes convolutions on codes that read codes and make them.
bool is_in_table(const TableLayer& layer) {
  return layer.op_type == "Conv" && !layer.weight.empty() && layer.weight_axis &&
         !layer.output.empty() && !layer.inputs.empty() && !layer.inputs[0].empty();
}

}  // namespace

std::string write_mnn_compression(const TensorTable& table, const TableOptions&) {
  const auto activations = by_name(table.activations);
  const auto parameters = by_name(table.parameters);
  Message layers;
  layers.number(1, kAwayFromZero);
  bool is_empty = true;
  for (const TableLayer& layer : table.layers) {
    if (!is_in_table(layer)) continue;
    is_empty = false;
    layers.text(4, Message()
                       .text(1, activation(*activations.at(layer.inputs[0])))
                       .text(2, weight_of(layer, *parameters.at(layer.weight)))
                       .text(3, activation(*activations.at(layer.output)))
                       .bytes());
  }
  if (is_empty) throw Error("holds no convolution from codes to codes, which MNN's file is of");
  const std::string algorithm = Message().number(1, kQuantize).text(2, layers.bytes()).bytes();
  return Message().text(1, "0.0.0").text(2, algorithm).bytes();
}

}  // namespace rangefinder::exporters
