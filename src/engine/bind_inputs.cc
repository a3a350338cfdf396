#include "engine/bind_inputs.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "base/near_names.h"
#include "data/stacked.h"
#include "tensor/half.h"

namespace rangefinder::engine {
namespace {

using tensor::ElementType;
using tensor::Tensor;

std::string shape_text(std::span<const int64_t> shape) {
  std::string text;
  for (const int64_t dimension : shape) {
    if (!text.empty()) text += ", ";
    text += dimension < 0 ? "?" : std::to_string(dimension);
  }
  return "[" + text + "]";
}

std::string input_names(std::span<const TensorInfo> inputs) {
  std::string text;
  for (const TensorInfo& input : inputs) {
    text += (text.empty() ? "'" : ", '") + input.name + "'";
  }
  return text.empty() ? "none" : text;
}

bool fits(const std::optional<tensor::Shape>& wanted, const tensor::Shape& found) {
  if (!wanted) return true;
  if (wanted->size() != found.size()) return false;
  for (size_t i = 0; i < found.size(); ++i) {
    if ((*wanted)[i] >= 0 && (*wanted)[i] != found[i]) return false;
  }
  return true;
}

template <typename From, typename To, typename Convert>
Tensor convert(const Tensor& from, ElementType to_type, Convert&& convert_one) {
  Tensor result(to_type, from.shape());
  for (size_t i = 0; i < from.element_count(); ++i) {
    From value;
    std::memcpy(&value, from.bytes().data() + i * sizeof(From), sizeof(From));
    const To converted = convert_one(value);
    std::memcpy(result.bytes().data() + i * sizeof(To), &converted, sizeof(To));
  }
  return result;
}

template <typename From, typename To>
std::optional<Tensor> widen(const Tensor& from, ElementType to_type) {
  using F = std::numeric_limits<From>;
  using T = std::numeric_limits<To>;
  if constexpr (F::digits <= T::digits && (!F::is_signed || T::is_signed)) {
    return convert<From, To>(from, to_type, [](From value) { return static_cast<To>(value); });
  } else {
    return std::nullopt;
  }
}

template <typename From>
std::optional<Tensor> widen_to(const Tensor& from, ElementType to) {
  switch (to) {
    case ElementType::kUint16:
      return widen<From, uint16_t>(from, to);
    case ElementType::kInt16:
      return widen<From, int16_t>(from, to);
    case ElementType::kUint32:
      return widen<From, uint32_t>(from, to);
    case ElementType::kInt32:
      return widen<From, int32_t>(from, to);
    case ElementType::kUint64:
      return widen<From, uint64_t>(from, to);
    case ElementType::kInt64:
      return widen<From, int64_t>(from, to);
    default:
      return std::nullopt;
  }
}

std::optional<Tensor> convert_integer(const Tensor& from, ElementType to) {
  switch (from.type()) {
    case ElementType::kUint8:
      return widen_to<uint8_t>(from, to);
    case ElementType::kInt8:
      return widen_to<int8_t>(from, to);
    case ElementType::kUint16:
      return widen_to<uint16_t>(from, to);
    case ElementType::kInt16:
      return widen_to<int16_t>(from, to);
    case ElementType::kUint32:
      return widen_to<uint32_t>(from, to);
    case ElementType::kInt32:
      return widen_to<int32_t>(from, to);
    default:
      return std::nullopt;
  }
}

/// The tensor as another type, or nothing if that is not one of the harmless conversions.
std::optional<Tensor> convert_to(const Tensor& from, ElementType to) {
  const ElementType type = from.type();
  if (to == ElementType::kFloat32) {
    const bool harmless = type == ElementType::kFloat64 || type == ElementType::kFloat16;
    return harmless ? std::optional(from.to_float32()) : std::nullopt;
  }
  if (to == ElementType::kFloat16 && type == ElementType::kFloat32) {
    return convert<float, uint16_t>(from, to, tensor::float_to_float16);
  }
  if (to == ElementType::kBfloat16 && type == ElementType::kFloat32) {
    return convert<float, uint16_t>(from, to, tensor::float_to_bfloat16);
  }
  const bool is_narrow = to == ElementType::kFloat16 || to == ElementType::kBfloat16;
  if (is_narrow && type == ElementType::kFloat64) return convert_to(from.to_float32(), to);
  return convert_integer(from, to);
}

/// `Sample` is tensor::NamedTensors or data::NamedHeaders.
template <typename Sample>
const typename Sample::mapped_type& find_input(std::span<const TensorInfo> inputs,
                                               const TensorInfo& input, const Sample& sample,
                                               const std::string& sample_name) {
  const bool unnamed = sample.size() == 1 && sample.begin()->first.empty();
  if (unnamed && inputs.size() == 1) return sample.begin()->second;
  if (unnamed) {
    throw Error(fmt::format("holds one array without a name, the model has the inputs {}: "
                            "use .npz files with these names",
                            input_names(inputs)),
                {.file = sample_name});
  }
  const auto found = sample.find(input.name);
  if (found == sample.end()) {
    throw Error(fmt::format("the model's input is missing; its inputs are {}", input_names(inputs)),
                {.file = sample_name, .tensor = input.name});
  }
  return found->second;
}

template <typename Sample>
void refuse_unknown(std::span<const TensorInfo> inputs, const Sample& sample,
                    const std::string& sample_name) {
  for (const auto& [name, ignored] : sample) {
    if (name.empty() && sample.size() == 1) continue;
    if (std::ranges::find(inputs, name, &TensorInfo::name) != inputs.end()) continue;
    std::vector<std::string> known;
    for (const TensorInfo& input : inputs) known.push_back(input.name);
    throw Error(fmt::format("the model has no such input; its inputs are {}{}", input_names(inputs),
                            did_you_mean(name, known)),
                {.file = sample_name, .tensor = name});
  }
}

/// What to do with an array that holds many samples, if it does. Files may hold many.
std::string stacked_hint(const tensor::Shape& wanted, const tensor::Shape& found) {
  const auto stack = data::stack_of(found, wanted);
  if (!stack || stack->count == 0) return {};
  return fmt::format(
      "; {} samples in one array? files of such arrays, .npy or .npz, are cut into samples, if the "
      "first one is such a file",
      stack->count);
}

void require_shape(const TensorInfo& input, const tensor::Shape& found,
                   const std::string& sample_name) {
  if (fits(input.shape, found)) return;
  throw Error(fmt::format("shape is {}, the model's input needs {}{}", shape_text(found),
                          shape_text(*input.shape), stacked_hint(*input.shape, found)),
              {.file = sample_name, .tensor = input.name});
}

}  // namespace

BoundInputs bind_inputs(std::span<const TensorInfo> inputs, const tensor::NamedTensors& sample,
                        const std::string& sample_name) {
  refuse_unknown(inputs, sample, sample_name);
  BoundInputs bound;
  for (const TensorInfo& input : inputs) {
    const Tensor& found = find_input(inputs, input, sample, sample_name);
    require_shape(input, found.shape(), sample_name);
    if (found.type() == input.type) {
      bound.views.push_back(found.view());
      continue;
    }
    std::optional<Tensor> converted = convert_to(found, input.type);
    if (!converted) {
      throw Error(fmt::format("element type is {}, the model's input needs {}",
                              tensor::element_name(found.type()), tensor::element_name(input.type)),
                  {.file = sample_name, .tensor = input.name});
    }
    bound.converted.push_back(std::move(*converted));
    bound.views.push_back(bound.converted.back().view());
  }
  return bound;
}

data::HeaderCheck header_check(std::span<const TensorInfo> inputs, std::string sample_name) {
  return [inputs, name = std::move(sample_name)](const data::NamedHeaders& headers) {
    refuse_unknown(inputs, headers, name);
    for (const TensorInfo& input : inputs) {
      require_shape(input, find_input(inputs, input, headers, name).shape, name);
    }
  };
}

}  // namespace rangefinder::engine
