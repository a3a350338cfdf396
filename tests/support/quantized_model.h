#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "base/file.h"
#include "engine/optimize.h"
#include "engine/session.h"
#include "engine/temporary_folder.h"
#include "exporters/qdq.h"
#include "graph/model_file.h"
#include "passes/annotate.h"
#include "passes/exclusion.h"
#include "passes/prepare.h"
#include "passes/quantize_weights.h"
#include "search/minmax.h"

namespace rangefinder::test_support {

using Samples = std::vector<tensor::NamedTensors>;

inline tensor::NamedTensors run(
    const onnx::ModelProto& model, const tensor::NamedTensors& sample,
    engine::OptimizationLevel level = engine::OptimizationLevel::kNone) {
  engine::Session session(engine::ModelSource(graph::serialize(model), ""),
                          {.optimization = level});
  return session.run(sample);
}

/// A sample for the model's inputs: normal values, ones for integers. Open dimensions: 2, then 8.
inline tensor::NamedTensors random_sample(const onnx::ModelProto& model, unsigned seed) {
  const engine::Session session(engine::ModelSource(graph::serialize(model), ""),
                                {.optimization = engine::OptimizationLevel::kNone});
  std::mt19937 generator(seed);
  std::normal_distribution<float> normal;
  tensor::NamedTensors sample;
  for (const auto& input : session.inputs()) {
    tensor::Shape shape = input.shape.value();
    for (size_t i = 0; i < shape.size(); ++i) {
      if (shape[i] < 0) shape[i] = i == 0 ? 2 : 8;
    }
    tensor::Tensor value(input.type, shape);
    if (input.type == tensor::ElementType::kFloat32) {
      for (float& x : value.floats()) x = normal(generator);
    } else {
      for (size_t i = 0; i < value.bytes().size(); i += tensor::element_size(input.type)) {
        value.bytes()[i] = std::byte{1};
      }
    }
    sample[input.name] = value;
  }
  return sample;
}

/// A model through the whole way, with exact ranges.
struct QuantizedModel {
  passes::PreparedModel prepared;
  passes::Annotation annotation;
  exporters::SolvedTensors solved;
  std::vector<passes::QuantizedWeight> weights;
  onnx::ModelProto model;

  double scale_of(const std::string& tensor) const {
    const auto* found = annotation.find(tensor);
    return found ? static_cast<double>(solved.at(found->root).scale[0]) * found->factor : 0.0;
  }
};

inline passes::PreparedModel prepare(const onnx::ModelProto& model) {
  const engine::TemporaryFolder folder;
  write_file(folder.path() / "model.onnx", model.SerializeAsString());
  return passes::prepare(folder.path() / "model.onnx");
}

/// Exact statistics of the tensors that the annotation wants observed.
inline std::map<std::string, statistics::TensorStatistics> observe(
    const passes::PreparedModel& prepared, const passes::Annotation& annotation,
    const Samples& samples) {
  onnx::ModelProto revealing = prepared.model;
  std::set<std::string> names;
  for (const auto& output : revealing.graph().output()) names.insert(output.name());
  for (const auto& input : revealing.graph().input()) names.insert(input.name());
  for (const auto& name : annotation.observed()) {
    if (names.insert(name).second) revealing.mutable_graph()->add_output()->set_name(name);
  }
  std::map<std::string, statistics::TensorStatistics> result;
  for (const auto& sample : samples) {
    tensor::NamedTensors values = run(revealing, sample);
    for (const auto& [name, value] : sample) values.emplace(name, value);
    for (const auto& name : annotation.observed()) result[name].add(values.at(name).floats());
  }
  return result;
}

inline quantization::TensorQuantizationConfig solve(const passes::QuantizedTensor& tensor,
                                                    const statistics::TensorStatistics& seen,
                                                    const targets::Target& target) {
  quantization::AffineParameters found;
  if (tensor.fixed) {
    found = *tensor.fixed;
  } else {
    const auto& config = target.activation;
    const quantization::Grid grid{config.quant_min, config.quant_max, config.is_symmetric(),
                                  config.is_power_of_2()};
    found = search::minmax(seen, grid).value_or(quantization::AffineParameters{});
    const auto top = static_cast<float>(config.quant_max - found.zero_point);
    while (tensor.upper_bound && found.scale * top > *tensor.upper_bound) {
      found.scale = std::nextafter(found.scale, 0.0f);
    }
  }
  auto config = target.activation;
  config.activate({found.scale}, {found.zero_point});
  return config;
}

inline QuantizedModel quantize(const onnx::ModelProto& model, const Samples& samples,
                               const std::string& target_name = "ort-cpu",
                               const std::vector<std::string>& exclude = {}) {
  const targets::Target& target = targets::find_target(target_name);
  QuantizedModel result;
  result.prepared = prepare(model);
  graph::Graph graph(result.prepared.model);
  result.annotation = passes::annotate(graph, result.prepared.infos, target,
                                       passes::excluded_nodes(result.prepared, target, exclude));
  auto seen = observe(result.prepared, result.annotation, samples);
  for (const auto& group : result.annotation.aligned) {
    for (const auto& member : group) {
      if (member != group.front()) seen[group.front()].merge(seen[member]);
    }
    for (const auto& member : group) seen[member] = seen[group.front()];
  }
  for (const auto& tensor : result.annotation.tensors) {
    if (tensor.root == tensor.name) {
      result.solved[tensor.name] = solve(tensor, seen[tensor.name], target);
    }
  }
  for (const auto& weighted : result.annotation.weighted) {
    if (!weighted.has_constant_weight) continue;
    for (const auto& node : graph.message().node()) {
      if (node.name() != weighted.name) continue;
      const auto scale = static_cast<float>(result.scale_of(node.input(0)));
      result.weights.push_back(passes::quantize_weight(graph, node, scale, target));
    }
  }
  result.model = exporters::write_qdq(result.prepared, result.annotation, result.solved,
                                      result.weights, {}, {}, target);
  return result;
}

/// How many nodes of each type ONNX Runtime makes of the model, fully optimized.
inline std::map<std::string, int> kernels(const onnx::ModelProto& model) {
  const auto optimized = engine::optimize_model(engine::ModelSource(graph::serialize(model), ""),
                                                engine::OptimizationLevel::kAll);
  std::map<std::string, int> counts;
  for (const auto& node : optimized.model.graph().node()) ++counts[node.op_type()];
  return counts;
}

/// Signal over error, in dB.
inline double sqnr_db(const tensor::Tensor& signal, const tensor::Tensor& restored) {
  const tensor::Tensor a = signal.to_float32();
  const tensor::Tensor b = restored.to_float32();
  double power = 0;
  double error = 0;
  for (size_t i = 0; i < a.element_count(); ++i) {
    const double x = a.floats()[i];
    const double difference = x - b.floats()[i];
    power += x * x;
    error += difference * difference;
  }
  return error == 0 ? 200 : 10 * std::log10(power / error);
}

inline double largest_difference(const tensor::Tensor& left, const tensor::Tensor& right) {
  const tensor::Tensor a = left.to_float32();
  const tensor::Tensor b = right.to_float32();
  double largest = 0;
  for (size_t i = 0; i < a.element_count(); ++i) {
    largest = std::max(largest, std::abs(static_cast<double>(a.floats()[i]) - b.floats()[i]));
  }
  return largest;
}

}  // namespace rangefinder::test_support
