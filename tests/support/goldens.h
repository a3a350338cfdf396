#pragma once

#include <string>
#include <vector>

#include "quantization/tensor_quantization_config.h"
#include "tensor/tensor.h"

namespace rangefinder::support {

/// A row of PPQ's golden figures (tests/data/goldens/ppq_observers.csv).
struct PpqGolden {
  uint32_t seed;
  size_t batch_count;
  tensor::Shape shape;
  std::string stream;
  std::string method;
  quantization::TensorQuantizationConfig config;
  /// float32 bits, one per channel.
  std::vector<uint32_t> scale_bits;
  std::vector<int32_t> offset;

  /// For messages: stream, method and grid in words.
  std::string description() const;
  /// Names the stream: rows with the same key have the same batches.
  std::string stream_key() const;
};

/// All rows. Throws std::runtime_error if the file cannot be read.
std::vector<PpqGolden> ppq_goldens(const std::string& file);

}  // namespace rangefinder::support
