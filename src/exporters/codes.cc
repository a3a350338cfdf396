#include "exporters/codes.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <vector>

#include "base/error.h"
#include "graph/constants.h"
#include "observers/observer.h"
#include "quantization/affine.h"
#include "quantization/fake_quantize.h"

namespace rangefinder::exporters {
namespace {

using quantization::TensorQuantizationConfig;
using tensor::ElementType;
using tensor::Tensor;

ElementType code_type(const TensorQuantizationConfig& grid) {
  const auto fits = [&](auto limits) {
    using Limits = decltype(limits);
    return grid.quant_min >= Limits::min() && grid.quant_max <= Limits::max();
  };
  if (fits(std::numeric_limits<uint8_t>())) return ElementType::kUint8;
  if (fits(std::numeric_limits<int8_t>())) return ElementType::kInt8;
  if (fits(std::numeric_limits<uint16_t>())) return ElementType::kUint16;
  if (fits(std::numeric_limits<int16_t>())) return ElementType::kInt16;
  throw std::invalid_argument("codes have more than 16 bits");
}

}  // namespace

onnx::TensorProto make_codes(const std::string& name, const tensor::Shape& shape,
                             std::span<const int64_t> codes, const TensorQuantizationConfig& grid) {
  Tensor values(code_type(grid), shape);
  const size_t size = tensor::element_size(values.type());
  for (size_t i = 0; i < codes.size(); ++i) {
    // The lower bytes come first.
    std::memcpy(values.bytes().data() + i * size, &codes[i], size);
  }
  return graph::make_constant(name, values);
}

ConstantCodes quantize_constant(const onnx::TensorProto& constant, const std::string& name,
                                const TensorQuantizationConfig& grid) {
  const Tensor values = graph::read_constant(constant);
  const auto floats = values.floats();
  quantization::Range range{0, 0};
  for (const float value : floats) {
    if (!std::isfinite(value)) {
      throw Error("holds NaN or infinity, which have no codes", {.tensor = constant.name()});
    }
    range.min = std::min(range.min, static_cast<double>(value));
    range.max = std::max(range.max, static_cast<double>(value));
  }
  const auto parameters = quantization::affine_from_range(range, observers::grid_of(grid));
  ConstantCodes result{.config = grid, .codes = {}};
  result.config.activate({parameters.scale}, {parameters.zero_point});
  result.codes = make_codes(name, values.shape(),
                            quantization::quantize(values.view(), result.config), result.config);
  return result;
}

}  // namespace rangefinder::exporters
