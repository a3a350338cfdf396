#include "graph/external_data.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <functional>
#include <limits>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "graph/walk.h"
#include "graph/weights.h"
#include "tensor/tensor.h"

namespace rangefinder::graph {
namespace {

namespace fs = std::filesystem;

/// What a field of a protobuf message holds.
constexpr uint64_t kLargestTensor = std::numeric_limits<int32_t>::max();

/// An open file, for reading parts of it.
class OpenFile {
 public:
  OpenFile() = default;
  /// Not open if there is no such regular file. A named pipe would keep open() waiting, a device
  /// would never end: the first is opened without waiting, both are given up at once.
  explicit OpenFile(const fs::path& path)
      : descriptor_(
            ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY)) {
    struct stat status = {};
    is_open_ = descriptor_ >= 0 && ::fstat(descriptor_, &status) == 0 && S_ISREG(status.st_mode);
    size_ = is_open_ ? static_cast<uint64_t>(status.st_size) : 0;
  }
  ~OpenFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  OpenFile(OpenFile&& other) noexcept { swap(other); }
  OpenFile& operator=(OpenFile&& other) noexcept {
    swap(other);
    return *this;
  }

  bool is_open() const { return is_open_; }
  uint64_t size() const { return size_; }

  /// Fills `to` from `offset` on; false if the file ends before or cannot be read.
  bool read(uint64_t offset, std::string& to) const {
    size_t done = 0;
    while (done < to.size()) {
      const ssize_t count = ::pread(descriptor_, to.data() + done, to.size() - done,
                                    static_cast<off_t>(offset + done));
      if (count == 0 || (count < 0 && errno != EINTR)) return false;
      done += static_cast<size_t>(std::max<ssize_t>(count, 0));
    }
    return true;
  }

 private:
  void swap(OpenFile& other) {
    std::swap(descriptor_, other.descriptor_);
    std::swap(is_open_, other.is_open_);
    std::swap(size_, other.size_);
  }

  int descriptor_ = -1;
  bool is_open_ = false;
  uint64_t size_ = 0;
};

bool is_inside(const fs::path& path, const fs::path& folder) {
  return std::mismatch(folder.begin(), folder.end(), path.begin(), path.end()).first ==
         folder.end();
}

/// Bits of one element, of those types, too, that nothing here computes with.
uint64_t element_bits(int32_t type) {
  const size_t bytes = tensor::element_size(static_cast<tensor::ElementType>(type));
  if (bytes != 0) return 8 * bytes;
  switch (type) {
    case onnx::TensorProto::COMPLEX64:
      return 64;
    case onnx::TensorProto::COMPLEX128:
      return 128;
    case 17:  // float8 of four kinds, in later releases of ONNX than these messages
    case 18:
    case 19:
    case 20:
    case 24:
      return 8;
    case 21:  // uint4, int4, float4
    case 22:
    case 23:
      return 4;
    case 25:  // uint2, int2
    case 26:
      return 2;
    default:
      return 0;
  }
}

/// A tensor in an external file, and whose errors are whose.
struct ExternalTensor {
  const onnx::TensorProto& tensor;
  const fs::path& model;

  [[noreturn]] void fail(const std::string& message) const {
    throw Error(message, {.file = model.string(), .tensor = tensor.name()});
  }

  uint64_t number(std::string_view key) const {
    try {
      return external_number(tensor, key);
    } catch (const Error& error) {
      throw error.within({.file = model.string()});
    }
  }

  /// Bytes that the shape needs.
  uint64_t needed_bytes() const {
    const uint64_t bits = element_bits(tensor.data_type());
    if (bits == 0) fail("external data of a type that cannot be read");
    const tensor::Shape shape(tensor.dims().begin(), tensor.dims().end());
    try {
      const auto count = static_cast<uint64_t>(tensor::element_count(shape));
      uint64_t total = 0;
      if (!__builtin_mul_overflow(count, bits, &total)) return total / 8 + (total % 8 != 0 ? 1 : 0);
      fail("too many elements: " + tensor::to_string(shape));
    } catch (const std::invalid_argument& error) {
      fail(error.what());
    }
  }

  /// The same, unless the file is said to hold another number; 0 says nothing, as in ONNX Runtime.
  uint64_t length() const {
    const uint64_t needed = needed_bytes();
    const uint64_t given = number("length");
    if (given != 0 && given != needed) {
      fail(fmt::format("has {} bytes of external data, its shape needs {}", given, needed));
    }
    return needed;
  }

  std::string location() const {
    const std::string* text = external_entry(tensor, "location");
    if (text == nullptr || text->empty()) fail("external data without a location");
    return *text;
  }
};

/// Reads external tensors into the model, each from its part of its file.
class ExternalFiles {
 public:
  ExternalFiles(fs::path model, uint64_t most_bytes)
      : model_(std::move(model)), most_bytes_(most_bytes) {
    std::error_code ignored;
    own_ = fs::canonical(model_, ignored);
  }

  /// Makes the tensor refer to its part of its file; a small one is read.
  void find(onnx::TensorProto& tensor) {
    if (!lies_in_file(tensor) || is_of_model_file(tensor)) return;
    const FileSlice slice = checked_slice({tensor, model_});
    if (slice.size <= kSmallWeight) return read(slice, tensor);
    refer_to(tensor, slice);
  }

  void embed(onnx::TensorProto& tensor) {
    if (!lies_in_file(tensor)) return;
    const ExternalTensor external{tensor, model_};
    const FileSlice slice = checked_slice(external);
    if (slice.size > kLargestTensor) {
      external.fail("beyond 2 GiB, which is supported for initializers of the main graph only");
    }
    read(slice, tensor);
  }

  void embed(onnx::SparseTensorProto& sparse) {
    embed(*sparse.mutable_values());
    embed(*sparse.mutable_indices());
  }

 private:
  /// What parse_skeleton() left in the model's own file.
  bool is_of_model_file(const onnx::TensorProto& tensor) const {
    const std::string* location = external_entry(tensor, "location");
    return location != nullptr && !own_.empty() && *location == own_.relative_path();
  }

  FileSlice checked_slice(const ExternalTensor& external) {
    open(external);
    const uint64_t offset = external.number("offset");
    const uint64_t length = external.length();
    if (offset > file_.size() || length > file_.size() - offset) {
      external.fail(fmt::format("external file '{}' has {} bytes, {} from {} are needed", location_,
                                file_.size(), length, offset));
    }
    total_ += length;
    if (total_ > most_bytes_ + files_size_) {
      external.fail(fmt::format("external data of {} bytes in files of {}: allowed are {} more",
                                total_, files_size_, most_bytes_));
    }
    return {path_, offset, length};
  }

  void read(const FileSlice& slice, onnx::TensorProto& tensor) const {
    std::string bytes(slice.size, '\0');
    if (!file_.read(slice.offset, bytes)) {
      ExternalTensor{tensor, model_}.fail(
          fmt::format("external file '{}' cannot be read", location_));
    }
    tensor.set_raw_data(std::move(bytes));
    tensor.clear_external_data();
    tensor.clear_data_location();
  }

  /// Keeps the file open that the last tensor was in.
  void open(const ExternalTensor& external) {
    const std::string location = external.location();
    if (file_.is_open() && location == location_) return;
    path_ = resolve(external, location);
    file_ = OpenFile(path_);
    location_ = location;
    if (files_.insert(path_.string()).second) files_size_ += file_.size();
    if (!file_.is_open()) {
      external.fail(fmt::format("external file '{}' is missing, no regular file, or cannot be read",
                                location));
    }
  }

  /// Where the file really is: a model is no reason to read other files of the user.
  fs::path resolve(const ExternalTensor& external, const std::string& location) const {
    const auto outside = [&] {
      external.fail(fmt::format("external file '{}' is outside the model's folder", location));
    };
    if (fs::path(location).has_root_path()) outside();
    if (location.find('\0') != std::string::npos) external.fail("external file with a zero byte");
    std::error_code error;
    const fs::path parent = model_.parent_path();
    const fs::path folder = parent.empty() ? fs::path(".") : parent;
    fs::path path = fs::weakly_canonical(folder / location, error);
    const fs::path named = error ? fs::path() : fs::weakly_canonical(folder, error);
    const fs::path real = error ? fs::path() : fs::weakly_canonical(model_, error).parent_path();
    if (error) {
      external.fail(fmt::format("external file '{}': {}", location, error.message()));
    }
    if (!is_inside(path, named) && !is_inside(path, real)) outside();
    return path;
  }

  fs::path model_;
  /// Where the model's own file really is; empty if it is none.
  fs::path own_;
  uint64_t most_bytes_;
  std::string location_;
  fs::path path_;
  OpenFile file_;
  uint64_t total_ = 0;
  std::set<std::string> files_;
  uint64_t files_size_ = 0;
};

}  // namespace

void find_external_data(onnx::ModelProto& model, const fs::path& path, uint64_t most_bytes) {
  ExternalFiles files(path, most_bytes);
  for (auto& tensor : *model.mutable_graph()->mutable_initializer()) files.find(tensor);
  for_each_graph(model, [&](onnx::GraphProto& graph) {
    const bool is_body = &graph != model.mutable_graph();
    if (is_body) {
      for (auto& tensor : *graph.mutable_initializer()) files.embed(tensor);
    }
    for (auto& sparse : *graph.mutable_sparse_initializer()) files.embed(sparse);
  });
  for_each_node(model, [&](onnx::NodeProto& node) {
    for (auto& attribute : *node.mutable_attribute()) {
      if (attribute.has_t()) files.embed(*attribute.mutable_t());
      for (auto& tensor : *attribute.mutable_tensors()) files.embed(tensor);
      if (attribute.has_sparse_tensor()) files.embed(*attribute.mutable_sparse_tensor());
      for (auto& sparse : *attribute.mutable_sparse_tensors()) files.embed(sparse);
    }
  });
}

}  // namespace rangefinder::graph
