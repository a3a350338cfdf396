#include "fashion_mnist/idx.h"

#include <fmt/format.h>
#include <zlib.h>

#include <memory>

#include "rangefinder/error.h"

namespace rangefinder::examples {
namespace {

struct CloseGz {
  void operator()(gzFile file) const { gzclose(file); }
};

/// The unpacked bytes of a file; zlib passes files through that are not compressed.
std::string unpack(const std::filesystem::path& path) {
  const std::unique_ptr<gzFile_s, CloseGz> file(gzopen(path.c_str(), "rb"));
  if (!file) throw Error("cannot open", {.file = path.string()});
  constexpr unsigned kBlock = 1u << 20;
  std::string bytes;
  while (true) {
    const size_t old_size = bytes.size();
    bytes.resize(old_size + kBlock);
    const int read = gzread(file.get(), bytes.data() + old_size, kBlock);
    int status = Z_OK;
    const char* message = gzerror(file.get(), &status);
    if (read < 0 || status != Z_OK) {
      throw Error(fmt::format("cannot unpack: {}", message), {.file = path.string()});
    }
    bytes.resize(old_size + static_cast<size_t>(read));
    if (read == 0) return bytes;
  }
}

size_t big_endian(std::string_view bytes) {
  size_t value = 0;
  for (const char byte : bytes) value = value << 8 | static_cast<uint8_t>(byte);
  return value;
}

}  // namespace

IdxArray parse_idx(std::string_view bytes, const std::string& file) {
  constexpr std::string_view kUnsignedBytes("\0\0\x08", 3);
  if (bytes.size() < 4 || !bytes.starts_with(kUnsignedBytes)) {
    throw Error("not an IDX file of unsigned bytes", {.file = file});
  }
  const size_t rank = static_cast<uint8_t>(bytes[3]);
  const std::string_view sizes = bytes.substr(4, 4 * rank);
  if (sizes.size() < 4 * rank) throw Error("truncated IDX file", {.file = file});
  IdxArray array;
  size_t count = 1;
  for (size_t axis = 0; axis < rank; ++axis) {
    array.shape.push_back(big_endian(sizes.substr(4 * axis, 4)));
    if (__builtin_mul_overflow(count, array.shape.back(), &count)) {
      throw Error("the IDX file announces too many elements", {.file = file});
    }
  }
  bytes.remove_prefix(4 + sizes.size());
  if (bytes.size() != count) {
    throw Error(fmt::format("{} elements are announced, found {}", count, bytes.size()),
                {.file = file});
  }
  array.values.assign(bytes.begin(), bytes.end());
  return array;
}

IdxArray read_idx(const std::filesystem::path& path) {
  return parse_idx(unpack(path), path.string());
}

}  // namespace rangefinder::examples
