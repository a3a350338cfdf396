// Any bytes as a model that is quantized on two samples, the whole way: prepared, observed, solved,
// exported, measured. The result is a model that ONNX Runtime takes, or an Error.

#include <cstdint>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "rangefinder/error.h"
#include "rangefinder/quantize.h"
#include "rangefinder/session.h"

namespace {

using namespace rangefinder;

/// More than any seed has; what is larger tells nothing more and takes time.
constexpr int64_t kMostValues = 4096;

/// Values from -1 to 1, open dimensions as 1.
NamedTensors sample_for(const std::vector<TensorInfo>& inputs, float step) {
  NamedTensors sample;
  float next = -1;
  for (const TensorInfo& input : inputs) {
    Shape shape = input.shape.value_or(Shape{});
    for (int64_t& dimension : shape) dimension = dimension < 0 ? 1 : dimension;
    if (element_size(input.type) == 0 || element_count(shape) > kMostValues) {
      throw Error("an input that no sample is made for");
    }
    Tensor value(input.type, shape);
    if (input.type == ElementType::kFloat32) {
      for (float& x : value.floats()) x = next = next + step > 1 ? next + step - 2 : next + step;
    }
    sample[input.name] = std::move(value);
  }
  return sample;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    const Model model = Model::parse({reinterpret_cast<const char*>(data), size});
    const std::vector<TensorInfo> inputs = model.inputs();
    const auto samples =
        SampleSource::from_memory({sample_for(inputs, 0.37f), sample_for(inputs, 0.11f)});
    const QuantizedModel quantized = quantize(model, samples, {.run = {.jobs = 1}});
    try {
      const Session loaded(quantized.model());
    } catch (const Error&) {
      std::abort();
    }
  } catch (const Error&) {
    // Refused with its reason.
  } catch (const std::invalid_argument&) {
    // A name or option that does not fit the model.
  }
  return 0;
}
