#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace rangefinder::engine {

class TemporaryFolder;

/// Temporary folders with weights that somebody refers to.
using HeldFolders = std::vector<std::shared_ptr<const TemporaryFolder>>;

/// An ONNX model to run: a file, or serialized bytes, which may refer to weights in files.
struct ModelSource {
  ModelSource() = default;
  ModelSource(std::filesystem::path path) : file(std::move(path)) {}
  /// `path` may be empty, or tell where the bytes came from.
  ModelSource(std::string serialized, std::filesystem::path path,
              std::filesystem::path external_data = {}, HeldFolders kept_alive = {})
      : file(std::move(path)),
        bytes(std::move(serialized)),
        data_folder(std::move(external_data)),
        held(std::move(kept_alive)) {}

  /// How errors call the model.
  std::string name() const { return file.empty() ? "the model" : file.string(); }
  /// Where the model's external data files lie.
  std::filesystem::path folder() const {
    return data_folder.empty() ? file.parent_path() : data_folder;
  }

  /// Read when `bytes` is empty; otherwise it names the model in errors.
  std::filesystem::path file;
  std::string bytes;
  /// Where external data lies if that is not beside `file`.
  std::filesystem::path data_folder;
  /// Folders that were made for this model.
  HeldFolders held;
};

}  // namespace rangefinder::engine
