#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/onnx_builder.h"
#include "support/quantized_model.h"

namespace rangefinder::test_support {

using Kernels = std::map<std::string, int>;

/// Name, element type and dimensions of the inputs that have no initializer, and of the outputs.
inline std::vector<std::string> interface_of(const onnx::ModelProto& model) {
  std::set<std::string> constants;
  for (const auto& constant : model.graph().initializer()) constants.insert(constant.name());
  std::vector<std::string> result;
  for (const auto& input : model.graph().input()) {
    if (!constants.contains(input.name())) result.push_back(input.ShortDebugString());
  }
  for (const auto& output : model.graph().output()) result.push_back(output.ShortDebugString());
  return result;
}

/// One step of the output's codes; for a float output, of 255 steps over its values.
inline double step_of(const QuantizedModel& quantized, const std::string& name,
                      const tensor::Tensor& value) {
  const double scale = quantized.scale_of(name);
  if (scale > 0) return scale;
  double largest = 0;
  for (const float x : value.floats()) largest = std::max(largest, std::abs(double{x}));
  return 2 * largest / 255;
}

/// Names that more than one node has.
inline std::set<std::string> repeated_names(const onnx::ModelProto& model) {
  std::set<std::string> seen;
  std::set<std::string> repeated;
  for (const auto& node : model.graph().node()) {
    if (!seen.insert(node.name()).second) repeated.insert(node.name());
  }
  return repeated;
}

/// Quantizes the model and checks what must hold for every model: the interface stays, nodes have
/// names of their own, the expected kernels appear, float simulation and integer kernels agree
/// within two steps of the output, and the result is close to the float model's.
inline QuantizedModel check_quantization(onnx::ModelProto model, const Kernels& expected,
                                         double least_sqnr_db = 25,
                                         const std::vector<std::string>& exclude = {}) {
  const onnx::ModelProto given = model;
  graph::name_nodes(model);  // or ONNX Runtime could not run it
  Samples samples;
  for (unsigned seed = 1; seed <= 3; ++seed) samples.push_back(random_sample(model, seed));
  QuantizedModel quantized = quantize(given, samples, "ort-cpu", exclude);
  EXPECT_EQ(interface_of(quantized.model), interface_of(model));
  EXPECT_THAT(repeated_names(quantized.model), testing::IsEmpty());
  const Kernels found = kernels(quantized.model);
  for (const auto& [type, count] : expected) {
    const auto place = found.find(type);
    EXPECT_EQ(place == found.end() ? 0 : place->second, count)
        << type << "; kernels are " << testing::PrintToString(found);
  }
  for (const auto& sample : samples) {
    const auto real = run(model, sample);
    const auto simulated = run(quantized.model, sample);
    const auto integer = run(quantized.model, sample, engine::OptimizationLevel::kAll);
    for (const auto& [name, value] : real) {
      if (value.type() != tensor::ElementType::kFloat32) {
        EXPECT_EQ(integer.at(name), value) << name;
        continue;
      }
      EXPECT_LE(largest_difference(simulated.at(name), integer.at(name)),
                2.01 * step_of(quantized, name, value))
          << name;
      EXPECT_GE(sqnr_db(value, simulated.at(name)), least_sqnr_db) << name << " simulated";
      EXPECT_GE(sqnr_db(value, integer.at(name)), least_sqnr_db) << name << " in integers";
    }
  }
  return quantized;
}

}  // namespace rangefinder::test_support
