#include <algorithm>
#include <string_view>

#include "exporters/tables/json_writer.h"
#include "exporters/tables/writers.h"

namespace rangefinder::exporters {
namespace {

using Json = nlohmann::ordered_json;

/// AIMET takes "symmetric" for "signed": its offset then is the middle code, counted from 0.
Json channel_json(const TableTensor& tensor, size_t channel) {
  const auto [low, high] = tensor.range(channel);
  return {{"bitwidth", tensor.bits()},
          {"dtype", "int"},
          {"is_symmetric", tensor.is_symmetric() ? "True" : "False"},
          {"min", low},
          {"max", high},
          {"offset", unsigned_offset(tensor, channel)},
          {"scale", tensor.scale.at(channel)}};
}

Json encodings_by_name(const std::vector<TableTensor>& tensors, std::string_view format) {
  Json all = Json::object();
  for (const TableTensor& tensor : tensors) {
    require_utf8(tensor.name, format);
    Json& channels = all[tensor.name] = Json::array();
    for (size_t i = 0; i < tensor.scale.size(); ++i) channels.push_back(channel_json(tensor, i));
  }
  return all;
}

Json in_a_list(const std::vector<TableTensor>& tensors, std::string_view format) {
  Json all = Json::array();
  for (const TableTensor& tensor : tensors) {
    require_utf8(tensor.name, format);
    Json offsets = Json::array();
    for (size_t i = 0; i < tensor.scale.size(); ++i) offsets.push_back(unsigned_offset(tensor, i));
    all.push_back({{"name", tensor.name},
                   {"enc_type", tensor.is_per_channel() ? "PER_CHANNEL" : "PER_TENSOR"},
                   {"dtype", "INT"},
                   {"bw", tensor.bits()},
                   {"is_sym", tensor.is_symmetric()},
                   {"scale", tensor.scale},
                   {"offset", offsets}});
  }
  return all;
}

int most_bits(const std::vector<TableTensor>& tensors) {
  int most = 8;
  for (const TableTensor& tensor : tensors) most = std::max(most, tensor.bits());
  return most;
}

/// How the encodings were made, as AIMET tells it of its own.
Json quantizer_args(const TensorTable& table) {
  const auto& weights = table.parameters;
  const auto is = [&](bool (TableTensor::*property)() const) {
    return std::all_of(weights.begin(), weights.end(),
                       [&](const TableTensor& each) { return (each.*property)(); });
  };
  const auto is_per_channel =
      std::any_of(weights.begin(), weights.end(),
                  [](const TableTensor& each) { return each.is_per_channel(); });
  return {
      {"activation_bitwidth", most_bits(table.activations)}, {"dtype", "int"},
      {"is_symmetric", is(&TableTensor::is_symmetric)},      {"param_bitwidth", most_bits(weights)},
      {"per_channel_quantization", is_per_channel},          {"quant_scheme", "post_training_tf"}};
}

}  // namespace

std::string write_aimet_0_6_1(const TensorTable& table, const TableOptions&) {
  constexpr std::string_view kFormat = "aimet-0.6.1";
  return json_file({{"version", "0.6.1"},
                    {"activation_encodings", encodings_by_name(table.activations, kFormat)},
                    {"param_encodings", encodings_by_name(table.parameters, kFormat)},
                    {"quantizer_args", quantizer_args(table)}});
}

std::string write_aimet_1_0_0(const TensorTable& table, const TableOptions&) {
  constexpr std::string_view kFormat = "aimet-1.0.0";
  return json_file({{"version", "1.0.0"},
                    {"activation_encodings", in_a_list(table.activations, kFormat)},
                    {"param_encodings", in_a_list(table.parameters, kFormat)},
                    {"quantizer_args", quantizer_args(table)}});
}

}  // namespace rangefinder::exporters
