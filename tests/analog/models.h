#pragma once

#include <memory>
#include <string>
#include <vector>

#include "analog/layers/convert.h"
#include "analog/ranges/calibrate.h"
#include "analog/ranges/sampler.h"
#include "engine/session.h"
#include "graph/constants.h"
#include "graph/model_file.h"
#include "support/onnx_builder.h"
#include "support/streams.h"

namespace rangefinder::analog {

/// Conv 3x3 (padding 1) - Relu - Conv 1x1 stride 2 (2 groups) - Flatten - Gemm - MatMul + Add.
inline onnx::ModelProto mixed_model() {
  test_support::OnnxBuilder b;
  b.input("x", {-1, 2, 6, 6});
  b.weights("conv1.weight", {4, 2, 3, 3}, 0.5f);
  b.weights("conv1.bias", {4}, 0.1f);
  b.weights("conv2.weight", {6, 2, 1, 1});
  b.weights("fc1.weight", {5, 54}, 0.3f);
  b.weights("fc1.bias", {5});
  b.weights("w2", {5, 3});
  b.weights("b2", {3});
  b.node("Conv", {"x", "conv1.weight", "conv1.bias"}, {"c1"}).ints("pads", {1, 1, 1, 1});
  b.node("Relu", {"c1"}, {"r1"});
  b.node("Conv", {"r1", "conv2.weight"}, {"c2"}).ints("strides", {2, 2}).integer("group", 2);
  b.node("Flatten", {"c2"}, {"f"});
  b.node("Gemm", {"f", "fc1.weight", "fc1.bias"}, {"g"}).integer("transB", 1).real("beta", 0.5f);
  b.node("MatMul", {"g", "w2"}, {"m"});
  b.node("Add", {"m", "b2"}, {"y"});
  b.output("y", {-1, 3});
  return b.model();
}

/// `count` samples of a stream for the input "x".
class StreamSource : public data::SampleSource {
 public:
  StreamSource(std::string stream, tensor::Shape shape, size_t count)
      : stream_(std::move(stream)), shape_(std::move(shape)), count_(count) {}

  size_t size() const override { return count_; }
  tensor::NamedTensors read(size_t index) const override {
    return {{"x", support::stream_batch(stream_, 500 + static_cast<uint32_t>(index), shape_)}};
  }
  std::string name(size_t index) const override { return "sample " + std::to_string(index); }
  std::string fingerprint() const override { return "stream"; }

 private:
  std::string stream_;
  tensor::Shape shape_;
  size_t count_;
};

inline StreamSource pictures(size_t count = 4) { return {"normal", {2, 2, 6, 6}, count}; }

inline NetworkConfig network(double inp_res, int64_t max_input_size = -1) {
  NetworkConfig config;
  config.base.forward.inp_res = inp_res;
  config.base.mapping.max_input_size = max_input_size;
  return config;
}

/// mixed_model() calibrated by MAX on pictures().
inline AnalogModel calibrated_model(NetworkConfig config) {
  AnalogModel model = convert_to_analog(mixed_model(), std::move(config));
  const StreamSource samples = pictures();
  calibrate_input_ranges(model, InputRangeType::kMax, feed_from(samples));
  return model;
}

/// The values of an initializer of the float model.
inline std::vector<float> read_bias(const AnalogModel& model, const std::string& name) {
  for (const auto& initializer : model.model.graph().initializer()) {
    if (initializer.name() != name) continue;
    const tensor::Tensor value = graph::read_constant(initializer);
    return {value.floats().begin(), value.floats().end()};
  }
  return {};
}

/// The outputs of a model, and of tensors inside of it.
inline tensor::NamedTensors run_model(onnx::ModelProto model, const tensor::NamedTensors& inputs,
                                      const std::vector<std::string>& inner = {}) {
  for (const std::string& name : inner) {
    auto* output = model.mutable_graph()->add_output();
    output->set_name(name);
    output->mutable_type()->mutable_tensor_type()->set_elem_type(onnx::TensorProto::FLOAT);
  }
  return engine::Session(engine::ModelSource(graph::serialize(model), "")).run(inputs);
}

}  // namespace rangefinder::analog
