#pragma once

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "graph/weights.h"

namespace rangefinder::graph {

/// Reads a model without its weights: initializers of the main graph with more than kSmallWeight
/// bytes of raw data refer to where these lie in the file, which is not read there. A file of at
/// most `small_file` bytes is read whole. External data are left as they are said to be.
/// `name` stands for the file in errors. Throws Error as parse_model() does.
onnx::ModelProto parse_skeleton(const std::filesystem::path& file, const std::string& name,
                                uint64_t small_file = uint64_t{1} << 20);

/// A model's whole message, weights that lie in files included: the inverse of parse_skeleton().
///
/// The same model always gives the same bytes, wherever its weights lie. Nothing is read before it
/// is written.
class WholeMessage {
 public:
  /// Throws Error: a skeleton of more than 2 GiB, an initializer that lies nowhere.
  explicit WholeMessage(const onnx::ModelProto& model);

  uint64_t size() const { return size_; }
  /// Hands out all bytes in order, some at a time. Throws Error if weights cannot be read.
  void write(const Sink& sink) const;

  /// Bytes of the message, then bytes of a file.
  struct Part {
    std::string bytes;
    FileSlice slice;
  };

 private:
  std::vector<Part> parts_;
  uint64_t size_ = 0;
};

}  // namespace rangefinder::graph
