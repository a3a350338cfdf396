#include "engine/write_model.h"

#include <system_error>

#include "base/error.h"
#include "base/file.h"
#include "engine/packed_model.h"
#include "graph/model_file.h"
#include "graph/skeleton.h"
#include "graph/weights.h"

namespace rangefinder::engine {
namespace {

namespace fs = std::filesystem;

/// Readers map weights page by page.
constexpr uint64_t kAlignment = 4096;

void hand_out(const onnx::TensorProto& tensor, const Sink& sink) {
  if (!graph::lies_in_file(tensor)) return sink(tensor.raw_data());
  graph::for_each_block(graph::slice_of(tensor), sink);
}

void add_in_two_files(PendingFiles& files, const fs::path& path, onnx::ModelProto model) {
  const std::string data_file = weights_beside(path).filename().string();
  auto& tensors = *model.mutable_graph()->mutable_initializer();
  files.add(weights_beside(path), [&](const Sink& sink) {
    uint64_t end = 0;
    for (onnx::TensorProto& tensor : tensors) {
      const uint64_t size = graph::raw_size(tensor);
      if (size <= graph::kSmallWeight) continue;
      const uint64_t offset = (end + kAlignment - 1) / kAlignment * kAlignment;
      sink(std::string(offset - end, '\0'));
      hand_out(tensor, sink);
      graph::set_external_data(tensor, data_file, offset, size);
      end = offset + size;
    }
  });
  files.add(path, graph::serialize_skeleton(model));
}

bool has_all_in_its_bytes(const ModelSource& source) {
  return !source.bytes.empty() && source.data_folder.empty();
}

}  // namespace

void add_model(PendingFiles& files, const fs::path& path, const ModelSource& source,
               uint64_t largest_file) {
  if (has_all_in_its_bytes(source)) return files.add(path, source.bytes);
  const onnx::ModelProto model = parse_model(source);
  const graph::WholeMessage message(model);
  if (message.size() > largest_file) return add_in_two_files(files, path, model);
  files.add(path, [&](const Sink& sink) { message.write(sink); });
}

void keep_model(const ModelSource& model, const fs::path& folder, const std::string& name) {
  if (folder.empty()) return;
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) throw Error("cannot create the folder: " + error.message(), {.file = folder.string()});
  PendingFiles files;
  add_model(files, folder / name, model);
  files.commit();
}

fs::path weights_beside(const fs::path& path) {
  fs::path beside = path;
  beside += ".data";
  return beside;
}

uint64_t whole_size(const ModelSource& source) {
  if (has_all_in_its_bytes(source)) return source.bytes.size();
  return graph::WholeMessage(parse_model(source)).size();
}

std::string whole_bytes(const ModelSource& source) {
  if (has_all_in_its_bytes(source)) return source.bytes;
  if (source.bytes.empty()) return read_file(source.file);
  return graph::serialize(parse_model(source));
}

}  // namespace rangefinder::engine
