#include "engine/optimize.h"

#include <memory>
#include <set>
#include <string>
#include <system_error>

#include "base/cancellation.h"
#include "base/error.h"
#include "base/file.h"
#include "engine/onnx_messages.h"
#include "engine/temporary_folder.h"

namespace rangefinder::engine {
namespace {

namespace fs = std::filesystem;

constexpr char kDataFile[] = "optimized.data";
/// What the optimizer may write beyond the model's size and still not be told from it.
constexpr uintmax_t kRoomToGrow = uintmax_t{1} << 16;

/// Bytes of the model and of its external data.
uintmax_t size_with_data(const ModelSource& model) {
  onnx::ModelProto proto;
  const std::string& bytes = model.bytes.empty() ? read_file(model.file) : model.bytes;
  uintmax_t total = bytes.size();
  if (!proto.ParseFromString(bytes)) return total;  // ONNX Runtime will say what is wrong.
  std::set<std::string> files;
  for (const auto& tensor : proto.graph().initializer()) {
    for (const auto& entry : tensor.external_data()) {
      if (entry.key() == "location") files.insert(entry.value());
    }
  }
  std::error_code ignored;
  for (const std::string& file : files) {
    const uintmax_t size = fs::file_size(model.folder() / file, ignored);
    if (!ignored) total += size;
  }
  return total;
}

/// The same without reading the model, as far as the folder it lies in tells.
uintmax_t largest_possible_size(const ModelSource& model) {
  std::error_code ignored;
  uintmax_t total = model.bytes.size();
  if (model.folder().empty() && model.file.empty()) return total;
  const fs::path folder = model.folder().empty() ? fs::path(".") : model.folder();
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    if (entry.is_regular_file(ignored)) total += entry.file_size(ignored);
  }
  return total;
}

bool needs_external_data(const ModelSource& model, uintmax_t limit) {
  return largest_possible_size(model) > limit && size_with_data(model) > limit;
}

/// Of a session that fails, ONNX Runtime does not say whether loading or saving did.
void save(const ModelSource& model, const SessionOptions& options, const TemporaryFolder& folder) {
  try {
    const Session saver(model, options);
  } catch (const Error& error) {
    stop_if_cancelled();
    folder.require_room(size_with_data(model) + kRoomToGrow);
    SessionOptions loading = options;
    loading.save_optimized.clear();
    loading.save_data_as.clear();
    const Session loaded(model, loading);
    throw Error(std::string("cannot write temporary files (TMPDIR tells where): ") + error.what(),
                {.file = folder.path().string()});
  }
}

}  // namespace

ModelSource optimize_model(const ModelSource& model, OptimizationLevel level,
                           const OptimizeOptions& options) {
  const auto folder = std::make_shared<TemporaryFolder>();
  const fs::path saved = folder->path() / "optimized.onnx";
  SessionOptions session{
      .optimization = level, .save_optimized = saved, .observe = options.observe};
  if (needs_external_data(model, options.largest_single_file)) session.save_data_as = kDataFile;
  save(model, session, *folder);
  // Without a data file of its own the saved model still refers to the original one's.
  ModelSource result(read_file(saved), model.file, model.data_folder, model.temporary);
  if (fs::exists(folder->path() / kDataFile)) {
    fs::remove(saved);
    result.data_folder = folder->path();
    result.temporary = folder;
  }
  return result;
}

}  // namespace rangefinder::engine
