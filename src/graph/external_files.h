#pragma once

#include <filesystem>
#include <vector>

namespace rangefinder::graph {

/// The files that hold tensors of a model, each once, as the model names them: seen from its
/// folder. Not all need be there. Throws Error as load_model() does of the model itself.
std::vector<std::filesystem::path> external_files(const std::filesystem::path& model);

}  // namespace rangefinder::graph
