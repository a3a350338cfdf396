#pragma once

#include <filesystem>
#include <string>

namespace rangefinder::graph {

/// What a file, or a folder, is that was taken for an ONNX model, and how it becomes one: "a
/// PyTorch file: export the module with torch.onnx.export()". Told by how it begins, and where that
/// says nothing by its extension. Empty if it is nothing that people take for a model.
std::string model_advice(const std::filesystem::path& path);

}  // namespace rangefinder::graph
