#include "graph/weights.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <stdexcept>
#include <string>

#include "base/cancellation.h"
#include "base/error.h"
#include "base/file.h"

namespace rangefinder::graph {
namespace {

namespace fs = std::filesystem;

void add_entry(onnx::TensorProto& tensor, const char* key, const std::string& value) {
  auto* entry = tensor.add_external_data();
  entry->set_key(key);
  entry->set_value(value);
}

/// An open file from which slices are read.
class WeightsFile {
 public:
  explicit WeightsFile(const fs::path& path) : path_(path), file_(open_regular_file(path)) {}

  void read(uint64_t offset, std::span<std::byte> to) const {
    constexpr size_t kBlock = size_t{16} << 20;
    while (!to.empty()) {
      stop_if_cancelled();
      const ssize_t count = ::pread(file_.value(), to.data(), std::min(kBlock, to.size()),
                                    static_cast<off_t>(offset));
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) fail(count < 0 ? std::strerror(errno) : "it has become shorter");
      offset += static_cast<uint64_t>(count);
      to = to.subspan(static_cast<size_t>(count));
    }
  }

 private:
  [[noreturn]] void fail(const char* reason) const {
    throw Error(fmt::format("cannot read weights: {}", reason), {.file = path_.string()});
  }

  fs::path path_;
  Descriptor file_;
};

}  // namespace

const std::string* external_entry(const onnx::TensorProto& tensor, std::string_view key) {
  for (const auto& entry : tensor.external_data()) {
    if (entry.key() == key) return &entry.value();
  }
  return nullptr;
}

uint64_t external_number(const onnx::TensorProto& tensor, std::string_view key) {
  const std::string* text = external_entry(tensor, key);
  uint64_t value = 0;
  if (text == nullptr) return value;
  const char* end = text->data() + text->size();
  const auto [last, error] = std::from_chars(text->data(), end, value);
  if (error == std::errc() && last == end) return value;
  throw Error(fmt::format("external data entry '{}' is '{}', a number is needed", key, *text),
              {.tensor = tensor.name()});
}

bool lies_in_file(const onnx::TensorProto& tensor) {
  return tensor.data_location() == onnx::TensorProto::EXTERNAL;
}

bool refers_to_files(const onnx::ModelProto& model) {
  const auto& constants = model.graph().initializer();
  return std::any_of(constants.begin(), constants.end(), lies_in_file);
}

FileSlice slice_of(const onnx::TensorProto& tensor) {
  const std::string* location = external_entry(tensor, "location");
  if (location == nullptr || location->empty()) {
    throw Error("external data without a location", {.tensor = tensor.name()});
  }
  return {fs::path(kWeightsFolder) / *location, external_number(tensor, "offset"),
          external_number(tensor, "length")};
}

void refer_to(onnx::TensorProto& tensor, const FileSlice& slice) {
  if (!slice.file.is_absolute()) {
    throw std::invalid_argument("weights need an absolute path: " + slice.file.string());
  }
  set_external_data(tensor, slice.file.relative_path().string(), slice.offset, slice.size);
}

void set_external_data(onnx::TensorProto& tensor, const std::string& location, uint64_t offset,
                       uint64_t size) {
  tensor.clear_raw_data();
  tensor.clear_external_data();
  tensor.set_data_location(onnx::TensorProto::EXTERNAL);
  add_entry(tensor, "location", location);
  add_entry(tensor, "offset", std::to_string(offset));
  add_entry(tensor, "length", std::to_string(size));
}

uint64_t raw_size(const onnx::TensorProto& tensor) {
  return lies_in_file(tensor) ? external_number(tensor, "length") : tensor.raw_data().size();
}

void read_slice(const FileSlice& slice, std::span<std::byte> to) {
  if (to.size() != slice.size) throw std::invalid_argument("read_slice: another size");
  WeightsFile(slice.file).read(slice.offset, to);
}

void for_each_block(const FileSlice& slice, const Sink& visit) {
  constexpr uint64_t kBlock = uint64_t{1} << 20;
  const WeightsFile file(slice.file);
  std::string block;
  for (uint64_t done = 0; done < slice.size; done += block.size()) {
    block.resize(static_cast<size_t>(std::min(kBlock, slice.size - done)));
    file.read(slice.offset + done, std::as_writable_bytes(std::span(block)));
    visit(block);
  }
}

}  // namespace rangefinder::graph
