#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "data/tensor_header.h"
#include "tensor/tensor.h"

namespace rangefinder::data {

/// NumPy's archives of named arrays: a zip file with one <name>.npy per array, stored
/// (`numpy.savez`) or deflated (`numpy.savez_compressed`).

/// The arrays in `bytes` by name (without ".npy"). The headers of all arrays are read first and
/// shown to `check`, if there is one; then memory is taken, array by array.
/// Throws Error naming `file` and the array: not a zip archive, no entries, an entry that is no
/// .npy, encrypted, compressed otherwise than by deflating, damaged (checksums are checked), a
/// shape that disagrees with the size of the entry, a size that so few compressed bytes cannot
/// have.
tensor::NamedTensors parse_npz(std::string_view bytes, const std::string& file,
                               const HeaderCheck& check = {});

/// parse_npz of a regular file.
tensor::NamedTensors read_npz(const std::filesystem::path& path, const HeaderCheck& check = {});

/// An archive of stored entries in the order of their names, dated 1980-01-01: the same arrays give
/// the same bytes. Throws std::invalid_argument if there are no arrays.
std::string npz_bytes(const tensor::NamedTensors& tensors);

/// Replaces `path` by npz_bytes(tensors), or leaves it as it was.
void write_npz(const std::filesystem::path& path, const tensor::NamedTensors& tensors);

}  // namespace rangefinder::data
