#include "engine/optimize.h"

#include <algorithm>
#include <memory>
#include <string>
#include <unordered_set>

#include "base/cancellation.h"
#include "base/error.h"
#include "engine/onnx_messages.h"
#include "engine/temporary_folder.h"
#include "engine/work_counts.h"
#include "graph/skeleton.h"
#include "graph/weights.h"

namespace rangefinder::engine {
namespace {

namespace fs = std::filesystem;

/// What the optimizer may write beyond the model's size and still not be told from it.
constexpr uint64_t kRoomToGrow = uint64_t{1} << 16;

uint64_t size_of_weights(const onnx::ModelProto& model) {
  uint64_t total = 0;
  for (const auto& tensor : model.graph().initializer()) total += graph::raw_size(tensor);
  return total;
}

/// Bytes of weights that are likely to come out changed: those of convolutions, brought into blocks
/// of channels at the highest level, multiplied by what was behind them at the others.
uint64_t size_of_rewritten_weights(const onnx::ModelProto& model, OptimizationLevel level) {
  const auto& nodes = model.graph().node();
  const auto is_normalization = [](const onnx::NodeProto& node) {
    return node.op_type() == "BatchNormalization";
  };
  if (level != OptimizationLevel::kAll &&
      std::none_of(nodes.begin(), nodes.end(), is_normalization))
    return 0;
  std::unordered_set<std::string> weights;
  for (const auto& node : nodes) {
    if (node.op_type() == "Conv" && node.input_size() > 1) weights.insert(node.input(1));
  }
  uint64_t total = 0;
  for (const auto& tensor : model.graph().initializer()) {
    if (weights.contains(tensor.name())) total += graph::raw_size(tensor);
  }
  return total;
}

/// One run of the optimizer, into a folder.
class Optimizing {
 public:
  Optimizing(const ModelSource& model, OptimizationLevel level, const OptimizeOptions& options)
      : source_(model) {
    session_ = {.optimization = level, .save_optimized = saved(), .observe = options.observe};
    const onnx::ModelProto message = parse_model(model);
    // The result says where its weights are as we do, whoever gave the model.
    if (graph::refers_to_files(message)) source_ = pack_model(message, model.file, model.held);
    const uint64_t weights = size_of_weights(message);
    size_ = weights + message.ByteSizeLong();
    is_large_ = weights > options.most_bytes_in_message;
    if (size_of_rewritten_weights(message, level) > options.most_bytes_in_message) {
      session_.save_data_as = data_file();
    }
  }

  HeldModel run() {
    save();
    for (const auto& file : fs::directory_iterator(folder_->path())) count_saved(file.file_size());
    HeldModel result{graph::parse_skeleton(saved(), source_.name()), source_.held};
    bool is_folder_needed = false;
    for (auto& tensor : *result.model.mutable_graph()->mutable_initializer()) {
      is_folder_needed = settle(tensor) || is_folder_needed;
    }
    if (is_folder_needed) result.held.push_back(folder_);
    return result;
  }

 private:
  fs::path saved() const { return folder_->path() / "optimized.onnx"; }
  /// A name that no file of the user's has.
  std::string data_file() const { return folder_->path().filename().string() + ".data"; }

  /// Tells what lies in the new data file from the root on. True if the tensor lies in the folder.
  bool settle(onnx::TensorProto& tensor) const {
    if (!graph::lies_in_file(tensor)) return false;
    graph::FileSlice slice = graph::slice_of(tensor);
    const fs::path folder = fs::canonical(folder_->path());
    if (slice.file.parent_path() == folder) return true;
    if (slice.file.relative_path() != data_file()) return false;
    slice.file = folder / data_file();
    graph::refer_to(tensor, slice);
    return true;
  }

  void save() {
    if (try_to_save()) return;
    if (!is_large_ || !session_.save_data_as.empty()) explain();
    session_.save_data_as = data_file();  // More may have been written anew than one message holds.
    if (!try_to_save()) explain();
  }

  /// False if it cannot be loaded, or cannot be saved: ONNX Runtime does not say which.
  bool try_to_save() {
    try {
      const Session saver(source_, session_);
      return true;
    } catch (const Error& error) {
      stop_if_cancelled();
      reason_ = error.what();
      return false;
    }
  }

  [[noreturn]] void explain() {
    folder_->require_room(size_ + kRoomToGrow);
    SessionOptions loading = session_;
    loading.save_optimized.clear();
    loading.save_data_as.clear();
    const Session loaded(source_, loading);
    throw Error("cannot write temporary files (TMPDIR tells where): " + reason_,
                {.file = folder_->path().string()});
  }

  ModelSource source_;
  std::shared_ptr<const TemporaryFolder> folder_ = std::make_shared<TemporaryFolder>();
  SessionOptions session_;
  /// Bytes of the model, weights included.
  uint64_t size_ = 0;
  bool is_large_ = false;
  std::string reason_;
};

}  // namespace

HeldModel optimize_model(const ModelSource& model, OptimizationLevel level,
                         const OptimizeOptions& options) {
  return Optimizing(model, level, options).run();
}

}  // namespace rangefinder::engine
