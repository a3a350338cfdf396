#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace rangefinder::examples {

/// The array of an IDX file of bytes, the format MNIST and its kin come in: two zeros, a type code,
/// the number of dimensions, each dimension as a big-endian 32-bit number, then the elements.
struct IdxArray {
  std::vector<size_t> shape;
  std::vector<uint8_t> values;
};

/// Throws Error naming `file`: not IDX, other elements than unsigned bytes, other sizes than
/// announced.
IdxArray parse_idx(std::string_view bytes, const std::string& file);

/// parse_idx of a file, unpacked if it is gzip-compressed. Throws Error.
IdxArray read_idx(const std::filesystem::path& path);

}  // namespace rangefinder::examples
