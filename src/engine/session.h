#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/bind_inputs.h"
#include "engine/model_source.h"
#include "tensor/tensor.h"

namespace rangefinder::engine {

class ObserveSink;
enum class ObservePlace;

/// How much ONNX Runtime rewrites a model: nothing; constant folding and exact clean-up; also its
/// own fused operators; also the blocked layout of this machine.
enum class OptimizationLevel { kNone, kBasic, kExtended, kAll };

struct SessionOptions {
  /// Threads that one operator may use.
  int threads = 1;
  OptimizationLevel optimization = OptimizationLevel::kAll;
  /// The outputs that run() returns; empty: all. The others are computed all the same.
  std::vector<std::string> fetch = {};
  /// Where to write the optimized model; empty: nowhere. Such a session is slow to run.
  std::filesystem::path save_optimized = {};
  /// File name, beside `save_optimized`, for weights that shall not stand in the message.
  std::string save_data_as = {};
  /// The session is only looked at, or its model saved: weights are not brought into the kernels'
  /// order, which makes it slow to run.
  bool is_for_looking = false;
  /// Makes the Observe operator known; its inputs go to this sink, which must outlive the
  /// session. If several threads run the session, it is called by several threads.
  ObserveSink* observe = nullptr;
  /// Where it does so; the CPU's memory if not said otherwise.
  ObservePlace place = {};
  /// The CUDA device that runs what ONNX Runtime can run there; empty: the CPU alone.
  std::optional<int> cuda_device = {};
  /// Makes the operators with switches known (engine/switches.h).
  bool has_switches = false;
  /// Memory that a run took is kept for the next one. Of many sessions at a time it would be much.
  bool keeps_memory = true;
};

/// A model that is ready to run, on the CPU if not said otherwise, by several threads at a time if
/// need be. What ONNX Runtime complains of becomes an Error that names the model, and the sample if
/// there is one; it logs nothing.
class Session {
 public:
  /// Throws Error if the model cannot be loaded, or as runtime_library() does.
  explicit Session(const ModelSource& model, const SessionOptions& options = {});
  ~Session();
  Session(Session&&) noexcept;
  Session& operator=(Session&&) noexcept;

  /// In the model's order; without initializers that a caller could override.
  std::span<const TensorInfo> inputs() const;
  /// In the model's order. The type is kUndefined if it is a sequence, a map or an optional.
  std::span<const TensorInfo> outputs() const;

  /// Runs one sample and copies all outputs that are tensors of numbers. `sample_name` is the
  /// file that errors name. Throws Error, see bind_inputs().
  tensor::NamedTensors run(const tensor::NamedTensors& sample, const std::string& sample_name = {});

  /// The same for these outputs, whatever SessionOptions::fetch says; those that are no tensors of
  /// numbers are left out.
  tensor::NamedTensors run_for(std::span<const std::string> wanted,
                               const tensor::NamedTensors& sample,
                               const std::string& sample_name = {});

  /// The same without copying any output.
  void execute(const tensor::NamedTensors& sample, const std::string& sample_name = {});

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace rangefinder::engine
