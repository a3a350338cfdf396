#include "exporters/codes.h"

#include <gtest/gtest.h>

#include <array>
#include <limits>

#include "base/error.h"
#include "graph/constants.h"
#include "quantization/fake_quantize.h"

namespace rangefinder::exporters {
namespace {

using quantization::Symmetry;
using quantization::TensorQuantizationConfig;

TEST(MakeCodes, HaveTheTypeOfTheirGrid) {
  const std::array<int64_t, 2> codes = {3, 100};
  const auto type = [&](Symmetry symmetry, int bits) {
    return make_codes("c", {2}, codes, TensorQuantizationConfig::linear(symmetry, bits))
        .data_type();
  };
  EXPECT_EQ(type(Symmetry::kAsymmetric, 8), onnx::TensorProto::UINT8);
  EXPECT_EQ(type(Symmetry::kSymmetric, 8), onnx::TensorProto::INT8);
  EXPECT_EQ(type(Symmetry::kAsymmetric, 16), onnx::TensorProto::UINT16);
  EXPECT_EQ(type(Symmetry::kSymmetric, 16), onnx::TensorProto::INT16);
  EXPECT_THROW(type(Symmetry::kSymmetric, 17), std::invalid_argument);
}

TEST(MakeCodes, KeepSignsAndUpperBytes) {
  const auto grid = TensorQuantizationConfig::linear(Symmetry::kSymmetric, 16);
  const auto codes = make_codes("c", {3}, std::array<int64_t, 3>{-32768, -1, 32767}, grid);
  EXPECT_EQ(codes.raw_data(), std::string("\x00\x80\xff\xff\xff\x7f", 6));
}

TEST(QuantizeConstant, CoversItsValues) {
  for (const auto symmetry : {Symmetry::kSymmetric, Symmetry::kAsymmetric}) {
    const std::array values = {0.5f, 1.0f, 3.0f};
    const auto constant = graph::make_floats("k", {3}, values);
    const auto made =
        quantize_constant(constant, "codes", TensorQuantizationConfig::linear(symmetry));
    EXPECT_EQ(made.codes.name(), "codes");
    EXPECT_EQ(made.config.scale.size(), 1u);
    std::array<float, 3> restored = {};
    quantization::fake_quantize(values, made.config, 0, restored);
    for (size_t i = 0; i < values.size(); ++i) {
      EXPECT_NEAR(restored[i], values[i], made.config.scale[0] / 2 + 1e-6f);
    }
  }
}

TEST(QuantizeConstant, RefusesWhatHasNoCode) {
  const std::array values = {1.0f, std::numeric_limits<float>::infinity()};
  const auto constant = graph::make_floats("k", {2}, values);
  try {
    quantize_constant(constant, "codes", TensorQuantizationConfig::linear(Symmetry::kSymmetric));
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("k"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace rangefinder::exporters
