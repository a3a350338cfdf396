// Every row of the figures that AIHWKIT-Lightning 2.0.1 gave (tests/data/goldens).

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <map>
#include <sstream>

#include "analog/layers/layer_forward.h"
#include "analog/ranges/range_method.h"
#include "base/file.h"
#include "support/streams.h"

namespace rangefinder::analog {
namespace {

using Row = std::map<std::string, std::string>;

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::string part;
  for (const char c : text + separator) {
    if (c != separator) {
      part += c;
    } else {
      parts.push_back(part);
      part.clear();
    }
  }
  return parts;
}

std::vector<Row> read_rows(const std::string& name) {
  std::istringstream lines(read_file(RANGEFINDER_TEST_DATA "/goldens/" + name));
  std::vector<std::string> header;
  std::vector<Row> rows;
  for (std::string line; std::getline(lines, line);) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    const auto fields = split(line, ',');
    if (header.empty()) {
      header = fields;
      continue;
    }
    EXPECT_EQ(fields.size(), header.size()) << line;
    Row row;
    for (size_t i = 0; i < fields.size(); ++i) row[header[i]] = fields[i];
    rows.push_back(std::move(row));
  }
  return rows;
}

std::vector<int64_t> sizes(const std::string& text) {
  std::vector<int64_t> result;
  for (const std::string& part : split(text, 'x')) result.push_back(std::stoll(part));
  return result;
}

std::vector<float> hex_floats(const std::string& text) {
  std::vector<float> result;
  for (const std::string& word : split(text, ' ')) {
    result.push_back(std::bit_cast<float>(static_cast<uint32_t>(std::stoul(word, nullptr, 16))));
  }
  return result;
}

/// The layer of a row: "linear" in x out, or "conv2d" in x out x kernel x stride x padding x
/// dilation.
struct Layer {
  bool is_convolution;
  int64_t inputs;
  int64_t outputs;
  ConvolutionAttributes attributes;

  explicit Layer(const Row& row) : is_convolution(row.at("layer") == "conv2d") {
    const auto spec = sizes(row.at("spec"));
    inputs = spec[0];
    outputs = spec[1];
    if (!is_convolution) return;
    attributes = {.kernel_shape = {spec[2], spec[2]},
                  .strides = {spec[3], spec[3]},
                  .dilations = {spec[5], spec[5]},
                  .pads = std::vector<int64_t>(4, spec[4])};
    inputs *= spec[2] * spec[2];
  }

  PatchGeometry geometry(const tensor::Shape& shape) const {
    return is_convolution ? convolution_geometry(attributes, shape) : linear_geometry(inputs);
  }
};

std::vector<float> calibrate(const Row& row) {
  const Layer layer(row);
  const tensor::Shape shape = sizes(row.at("shape"));
  InputRangeOptions options{.max_samples = 1 << 20, .compatibility = Compatibility::kAihwkit};
  if (!row.at("quantile").empty()) options.quantile = std::stod(row.at("quantile"));
  if (row.contains("std_alpha") && !row.at("std_alpha").empty()) {
    options.std_alpha = std::stod(row.at("std_alpha"));
  }
  const auto slices = balanced_slices(layer.inputs, std::stoll(row.at("max_input_size")));
  const PatchPlan plan(layer.geometry(shape), slices);
  const auto type = parse_input_range_type(row.at("type"));
  const auto method = make_range_method(type, options, {}, slices.size());
  const auto seed = static_cast<uint32_t>(std::stoul(row.at("seed")));
  for (uint32_t batch = 0; batch < std::stoul(row.at("batches")); ++batch) {
    const auto input = support::stream_batch(row.at("transform"), seed + batch, shape);
    method->observe({batch, 0}, ActivationMatrix(plan, input.floats()));
  }
  return method->ranges().value_or(std::vector<float>());
}

/// To 1e-5, relative; infinities and NaN (the stream "channels" overflows) alike.
bool agree(float found, float expected) {
  if (std::isnan(expected)) return std::isnan(found);
  return found == expected || std::fabs(found - expected) <= 1e-5f * std::fabs(expected);
}

TEST(Golden, EveryCalibrationRow) {
  size_t count = 0;
  for (const Row& row : read_rows("aihwkit_calibration.csv")) {
    const std::vector<float> found = calibrate(row);
    const std::vector<float> expected = hex_floats(row.at("input_range_float32_hex"));
    ASSERT_EQ(found.size(), expected.size());
    for (size_t i = 0; i < found.size(); ++i) {
      EXPECT_TRUE(agree(found[i], expected[i]))
          << found[i] << " instead of " << expected[i] << ": " << row.at("spec") << " "
          << row.at("transform") << " " << row.at("type") << " " << row.at("quantile") << " slice "
          << i;
    }
    ++count;
  }
  EXPECT_EQ(count, 432u);
}

std::vector<float> scaled_draws(uint32_t seed, int64_t count) {
  std::vector<float> result;
  for (const double n : support::draws(seed, static_cast<size_t>(count))) {
    result.push_back(static_cast<float>(n * 0.1));
  }
  return result;
}

tensor::Tensor forward(const Row& row) {
  const Layer layer(row);
  RpuConfig config;
  config.forward.inp_res = std::stod(row.at("inp_res"));
  config.forward.out_bound = std::stod(row.at("out_bound"));
  config.forward.out_res = std::stod(row.at("out_res"));
  config.pre_post.input_range.enable = true;
  config.mapping.max_input_size = std::stoll(row.at("max_input_size"));
  const AnalogMatrix matrix(scaled_draws(42, layer.inputs * layer.outputs), layer.outputs, config,
                            Compatibility::kAihwkit);
  const std::vector<float> bias = scaled_draws(43, layer.outputs);
  const auto seed = static_cast<uint32_t>(std::stoul(row.at("seed"))) + 100;
  const auto input = support::stream_batch(row.at("transform"), seed, sizes(row.at("shape")));
  const std::vector<float> ranges = calibrate(row);
  return layer.is_convolution ? forward_convolution(matrix, bias, layer.attributes, input, ranges)
                              : forward_linear(matrix, bias, input, ranges);
}

TEST(Golden, EveryForwardRow) {
  size_t count = 0;
  for (const Row& row : read_rows("aihwkit_forward.csv")) {
    const tensor::Tensor output = forward(row);
    const auto values = output.floats();
    const auto indices = split(row.at("output_index"), ' ');
    const std::vector<float> expected = hex_floats(row.at("output_float32_hex"));
    const std::string name = row.at("spec") + " " + row.at("transform") + " " + row.at("type") +
                             " " + row.at("inp_res") + " " + row.at("out_res");
    for (size_t i = 0; i < indices.size(); ++i) {
      EXPECT_NEAR(values[std::stoul(indices[i])], expected[i], 1e-5)
          << name << " at " << indices[i];
    }
    double sum = 0.0;
    double squares = 0.0;
    for (const float value : values) {
      sum += value;
      squares += static_cast<double>(value) * value;
    }
    EXPECT_NEAR(sum, std::stod(row.at("output_sum")), 1e-5 * static_cast<double>(values.size()))
        << name;
    EXPECT_NEAR(squares, std::stod(row.at("output_sum_of_squares")), 1e-4 * squares) << name;
    ++count;
  }
  EXPECT_EQ(count, 144u);
}

}  // namespace
}  // namespace rangefinder::analog
