#pragma once

#include <filesystem>

#include "rangefinder/export.h"
#include "rangefinder/tensor.h"

namespace rangefinder {

/// The array of a .npy file (numpy's own format; docs/data.md lists the types). Throws Error naming
/// the file: missing, damaged, of a type that is no number.
///
///     rangefinder::write_npy("copy.npy", rangefinder::read_npy("batch.npy").view());
RANGEFINDER_API Tensor read_npy(const std::filesystem::path& file);
/// All of it or nothing. Throws Error.
RANGEFINDER_API void write_npy(const std::filesystem::path& file, const TensorView& values);

}  // namespace rangefinder
