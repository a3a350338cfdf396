#pragma once

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/watch.h"
#include "rangefinder/analog.h"
#include "tensor/tensor.h"

namespace rangefinder::analog {

using rangefinder::ModelInputs;
using rangefinder::Sampler;

struct SamplerOptions {
  /// Stop after so many samples.
  std::optional<uint64_t> sample_limit = {};
  /// A sampler that goes on beyond this without a limit is taken for endless: an error.
  uint64_t endless_after = 1'000'000;
};

/// Samples of a sampler, numbered from 0, for the engine. `input_names`: the model's inputs in
/// their order. The feed throws Error if there are more positional inputs than names, one is also
/// named, or the sampler does not end.
engine::SampleFeed feed_from(Sampler sampler, std::vector<std::string> input_names,
                             const SamplerOptions& options = {});

using engine::feed_from;

/// Inputs of the model that are no initializers.
std::vector<std::string> input_names(const onnx::ModelProto& model);

}  // namespace rangefinder::analog
