// PPQ's methods by name, and every row of its golden figures, bit for bit.

#include "observers/ppq/methods.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "observers/run.h"
#include "support/streams.h"

namespace rangefinder::observers::ppq {
namespace {

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::stringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);) parts.push_back(part);
  return parts;
}

// Columns: seed, batches, shape, transform, method, symmetry, bits, quant_min, quant_max,
// scale_rule, channel_axis, scale_float32_hex, offset.
using Row = std::vector<std::string>;

std::vector<Row> golden_rows() {
  std::ifstream file(std::string(RANGEFINDER_TEST_DATA) + "/goldens/ppq_observers.csv");
  std::vector<Row> rows;
  std::string line;
  std::getline(file, line);  // the header
  while (std::getline(file, line)) {
    if (line.ends_with('\r')) line.pop_back();
    rows.push_back(split(line, ','));
  }
  return rows;
}

quantization::TensorQuantizationConfig config_of(const Row& row) {
  quantization::TensorQuantizationConfig config;
  config.properties.symmetry = row[5] == "symmetric" ? quantization::Symmetry::kSymmetric
                                                     : quantization::Symmetry::kAsymmetric;
  config.bits = std::stoi(row[6]);
  config.quant_min = std::stoll(row[7]);
  config.quant_max = std::stoll(row[8]);
  if (row[9] == "power_of_2") config.properties.scale_rule = quantization::ScaleRule::kPowerOf2;
  if (!row[10].empty()) {
    config.properties.granularity = quantization::Granularity::kPerChannel;
    config.channel_axis = std::stoll(row[10]);
  }
  config.check();
  return config;
}

std::string printed(const Solution& solution) {
  std::string scales;
  std::string offsets;
  for (const auto& [scale, zero_point] : solution.parameters) {
    scales += fmt::format("{}{:08x}", scales.empty() ? "" : " ", std::bit_cast<uint32_t>(scale));
    offsets += fmt::format("{}{}", offsets.empty() ? "" : " ", zero_point);
  }
  return scales + "," + offsets;
}

TEST(PpqMethods, AreTheReferencesWithoutCase) {
  EXPECT_THAT(registry().names(),
              testing::ElementsAre("isotone", "kl", "minmax", "mse", "percentile"));
  EXPECT_TRUE(registry().contains("KL"));
}

TEST(PpqGoldens, AllRowsAreReproducedBitForBit) {
  const std::vector<Row> rows = golden_rows();
  ASSERT_EQ(rows.size(), 672u);
  size_t exact = 0;
  std::string stream;
  std::vector<tensor::Tensor> batches;
  for (const Row& row : rows) {
    if (stream != row[2] + row[3]) {
      stream = row[2] + row[3];
      tensor::Shape shape;
      for (const std::string& dimension : split(row[2], 'x'))
        shape.push_back(std::stoll(dimension));
      batches = support::stream_batches(row[3], static_cast<uint32_t>(std::stoul(row[0])), shape,
                                        std::stoul(row[1]));
    }
    const auto config = config_of(row);
    const auto observer = registry().create(row[4], config);
    const std::string found = printed(run(*observer, config, batches));
    EXPECT_EQ(found, row[11] + "," + row[12])
        << row[2] << ' ' << row[3] << ' ' << row[4] << ' ' << row[5] << ' ' << row[6] << " bits ["
        << row[7] << ", " << row[8] << "] " << row[9] << " axis " << row[10];
    exact += found == row[11] + "," + row[12];
  }
  RecordProperty("exact_rows", static_cast<int>(exact));
}

}  // namespace
}  // namespace rangefinder::observers::ppq
