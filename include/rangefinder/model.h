#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rangefinder/export.h"
#include "rangefinder/tensor.h"

namespace rangefinder {

/// An ONNX model: a file, or bytes in memory. Copies share what they hold.
///
///     auto model = rangefinder::Model::load("resnet50.onnx");
///     auto same = rangefinder::Model::parse(std::move(bytes), "folder/of/its/external/data");
///     quantized.save("resnet50.int8.onnx");
class RANGEFINDER_API Model {
 public:
  /// The model of a file, with external data beside it. Throws Error: not there, not an ONNX
  /// model, external data missing or outside of the file's folder.
  static Model load(const std::filesystem::path& file);
  /// The model of serialized bytes; external data are looked for in `data_folder`. Throws Error.
  static Model parse(std::string bytes, const std::filesystem::path& data_folder = {});

  /// Writes the model, all of it or nothing: a file that is there is replaced at the end. Throws
  /// Error: the folder is missing or read-only, the disk is full.
  void save(const std::filesystem::path& file) const;

  /// The serialized model; of a model from a file, the file's bytes. Throws Error.
  std::string bytes() const;
  /// The file it was loaded from; empty if it was made in memory.
  const std::filesystem::path& file() const;
  /// The graph's inputs without those that have a default value, in order, and its outputs. Throws
  /// Error if ONNX Runtime cannot load the model.
  std::vector<TensorInfo> inputs() const;
  std::vector<TensorInfo> outputs() const;

  /// One inference on one thread, as users of the model run it. Throws Error naming what does not
  /// fit: an input that is missing or unknown, a type, a dimension.
  NamedTensors run(const NamedTensors& inputs) const;

  struct State;
  explicit Model(std::shared_ptr<const State> state);
  const State& state() const { return *state_; }

 private:
  std::shared_ptr<const State> state_;
};

}  // namespace rangefinder
