#include "support/goldens.h"

#include <fstream>
#include <sstream>
#include <stdexcept>

namespace rangefinder::support {
namespace {

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::stringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);) parts.push_back(part);
  return parts;
}

// Columns from the sixth on: symmetry, bits, quant_min, quant_max, scale_rule, channel_axis.
quantization::TensorQuantizationConfig config_of(const std::vector<std::string>& row) {
  quantization::TensorQuantizationConfig config;
  if (row[5] == "asymmetric") config.properties.symmetry = quantization::Symmetry::kAsymmetric;
  config.bits = std::stoi(row[6]);
  config.quant_min = std::stoll(row[7]);
  config.quant_max = std::stoll(row[8]);
  if (row[9] == "power_of_2") config.properties.scale_rule = quantization::ScaleRule::kPowerOf2;
  if (!row[10].empty()) {
    config.properties.granularity = quantization::Granularity::kPerChannel;
    config.channel_axis = std::stoll(row[10]);
  }
  return config;
}

PpqGolden golden_of(const std::vector<std::string>& row) {
  PpqGolden golden = {.seed = static_cast<uint32_t>(std::stoul(row.at(0))),
                      .batch_count = std::stoul(row.at(1)),
                      .shape = {},
                      .stream = row.at(3),
                      .method = row.at(4),
                      .config = config_of(row),
                      .scale_bits = {},
                      .offset = {}};
  for (const std::string& part : split(row[2], 'x')) golden.shape.push_back(std::stoll(part));
  for (const std::string& part : split(row.at(11), ' ')) {
    golden.scale_bits.push_back(static_cast<uint32_t>(std::stoul(part, nullptr, 16)));
  }
  for (const std::string& part : split(row.at(12), ' ')) golden.offset.push_back(std::stoi(part));
  return golden;
}

}  // namespace

std::string PpqGolden::stream_key() const { return stream + " " + tensor::to_string(shape); }

std::string PpqGolden::description() const {
  return stream_key() + " " + method + (config.is_symmetric() ? " symmetric [" : " asymmetric [") +
         std::to_string(config.quant_min) + ", " + std::to_string(config.quant_max) + "]" +
         (config.is_power_of_2() ? " power of 2" : "") +
         (config.is_per_channel() ? " per channel" : "");
}

std::vector<PpqGolden> ppq_goldens(const std::string& file) {
  std::ifstream stream(file);
  if (!stream) throw std::runtime_error("cannot read " + file);
  std::vector<PpqGolden> rows;
  std::string line;
  std::getline(stream, line);  // the header
  while (std::getline(stream, line)) {
    if (line.ends_with('\r')) line.pop_back();
    rows.push_back(golden_of(split(line, ',')));
  }
  return rows;
}

}  // namespace rangefinder::support
