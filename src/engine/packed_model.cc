#include "engine/packed_model.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <memory>
#include <string>
#include <utility>

#include "base/cancellation.h"
#include "base/error.h"
#include "engine/temporary_folder.h"
#include "graph/external_data.h"
#include "graph/skeleton.h"
#include "graph/weights.h"

namespace rangefinder::engine {
namespace {

namespace fs = std::filesystem;

/// External data lie in the folder of such a file; it stands for bytes, which lie in none.
fs::path file_in(const fs::path& folder) { return folder / "model.onnx"; }

/// Weights in a file of a temporary folder, one behind the other.
class WeightsFile {
 public:
  WeightsFile()
      : folder_(std::make_shared<TemporaryFolder>()),
        file_(fs::canonical(folder_->path()) / "weights.data"),
        stream_(file_, std::ios::binary) {}

  /// Where the tensor's bytes are from now on.
  void take(onnx::TensorProto& tensor) {
    const graph::FileSlice slice{file_, end_, graph::raw_size(tensor)};
    if (graph::lies_in_file(tensor)) {
      graph::for_each_block(graph::slice_of(tensor), [&](std::string_view block) { write(block); });
    } else {
      write(tensor.raw_data());
    }
    graph::refer_to(tensor, slice);
  }

  std::shared_ptr<const TemporaryFolder> finish() {
    stream_.close();
    require_written();
    return folder_;
  }

 private:
  void write(std::string_view bytes) {
    stop_if_cancelled();
    stream_.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    end_ += bytes.size();
    require_written();
  }

  void require_written() const {
    if (stream_) return;
    throw Error(fmt::format("cannot write the weights, {} bytes so far, for the time of this run "
                            "(TMPDIR tells where): {}",
                            end_, std::strerror(errno)),
                {.file = file_.string()});
  }

  std::shared_ptr<const TemporaryFolder> folder_;
  fs::path file_;
  std::ofstream stream_;
  uint64_t end_ = 0;
};

uint64_t bytes_in_message(const onnx::GraphProto& graph) {
  uint64_t total = 0;
  for (const auto& tensor : graph.initializer()) total += tensor.raw_data().size();
  return total;
}

}  // namespace

ModelSource pack_model(const onnx::ModelProto& model, const fs::path& path, HeldFolders held) {
  const bool refers = graph::refers_to_files(model);
  return {graph::serialize_skeleton(model), path, refers ? graph::kWeightsFolder : "",
          std::move(held)};
}

ModelSource pack_whole_model(onnx::ModelProto model, const fs::path& path,
                             uint64_t largest_message) {
  auto& tensors = *model.mutable_graph()->mutable_initializer();
  uint64_t size = model.ByteSizeLong();
  for (const auto& tensor : tensors)
    size += graph::lies_in_file(tensor) ? graph::raw_size(tensor) : 0;
  if (size <= largest_message) return {graph::serialize(model), path};
  WeightsFile weights;
  for (auto& tensor : tensors) {
    if (graph::raw_size(tensor) > graph::kSmallWeight) weights.take(tensor);
  }
  return pack_model(model, path, {weights.finish()});
}

void move_weights_to_file(HeldModel& model, uint64_t most_bytes) {
  onnx::GraphProto& graph = *model.model.mutable_graph();
  if (bytes_in_message(graph) <= most_bytes) return;
  WeightsFile weights;
  for (auto& tensor : *graph.mutable_initializer()) {
    if (tensor.raw_data().size() > graph::kSmallWeight) weights.take(tensor);
  }
  model.held.push_back(weights.finish());
}

graph::LoadedModel load_model(const ModelSource& source) {
  if (source.bytes.empty()) return graph::load_model(source.file);
  return graph::load_model(source.bytes, file_in(source.folder()), source.name());
}

onnx::ModelProto parse_model(const ModelSource& source) {
  onnx::ModelProto model = source.bytes.empty() ? graph::parse_skeleton(source.file, source.name())
                                                : graph::parse_model(source.bytes, source.name());
  graph::find_external_data(model, source.bytes.empty() ? source.file : file_in(source.folder()));
  return model;
}

ModelSource runnable(const ModelSource& source) {
  const graph::LoadedModel loaded = load_model(source);
  if (!loaded.is_rewritten && !source.bytes.empty()) return source;
  return pack_model(loaded.model, source.file, source.held);
}

}  // namespace rangefinder::engine
