// Both directions walk the wire format of protobuf, which is the same at every level: a tag, then a
// value whose length the tag or the next number tells. Three messages inside one another are opened
// - model, graph, initializer -, everything else is copied as it stands. Taking a model apart skips
// the raw data of an initializer in the file and writes down where it was; putting it together
// leaves a gap there that is filled from the file when the message is written. What is not as
// expected (groups, a tensor that says twice where its data are) is left to protobuf itself.

#include "graph/skeleton.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <limits>
#include <optional>
#include <utility>

#include "base/cancellation.h"
#include "base/error.h"
#include "base/file.h"
#include "graph/model_advice.h"
#include "graph/model_file.h"

namespace rangefinder::graph {
namespace {

namespace fs = std::filesystem;

using google::protobuf::io::ArrayInputStream;
using google::protobuf::io::CodedInputStream;

constexpr uint64_t kMessageLimit = std::numeric_limits<int32_t>::max();

enum WireType : uint32_t { kVarint = 0, kFixed64 = 1, kLengthDelimited = 2, kFixed32 = 5 };

constexpr uint32_t tag_of(int field, WireType type) {
  return (static_cast<uint32_t>(field) << 3) | type;
}

constexpr uint32_t kGraph = tag_of(onnx::ModelProto::kGraphFieldNumber, kLengthDelimited);
constexpr uint32_t kInitializer =
    tag_of(onnx::GraphProto::kInitializerFieldNumber, kLengthDelimited);
constexpr uint32_t kRawData = tag_of(onnx::TensorProto::kRawDataFieldNumber, kLengthDelimited);
constexpr uint32_t kExternalData =
    tag_of(onnx::TensorProto::kExternalDataFieldNumber, kLengthDelimited);

void append_varint(std::string& to, uint64_t value) {
  while (value >= 0x80) {
    to.push_back(static_cast<char>((value & 0x7F) | 0x80));
    value >>= 7;
  }
  to.push_back(static_cast<char>(value));
}

template <typename Number>
void append_bytes(std::string& to, Number value) {
  for (size_t i = 0; i < sizeof(Number); ++i) to.push_back(static_cast<char>(value >> (8 * i)));
}

/// The tag and the length of a field whose bytes come next.
void append_head(std::string& to, uint32_t tag, uint64_t length) {
  append_varint(to, tag);
  append_varint(to, length);
}

void append_message(std::string& to, uint32_t tag, const std::string& bytes) {
  append_head(to, tag, bytes.size());
  to += bytes;
}

/// Copies one field; false at damage, and at what is never written today.
bool copy_field(CodedInputStream& from, uint32_t tag, std::string& to) {
  uint64_t number = 0;
  uint32_t word = 0;
  std::string bytes;
  switch (tag & 7) {
    case kVarint:
      if (!from.ReadVarint64(&number)) return false;
      append_varint(to, tag);
      append_varint(to, number);
      return true;
    case kFixed64:
      if (!from.ReadLittleEndian64(&number)) return false;
      append_varint(to, tag);
      append_bytes(to, number);
      return true;
    case kFixed32:
      if (!from.ReadLittleEndian32(&word)) return false;
      append_varint(to, tag);
      append_bytes(to, word);
      return true;
    case kLengthDelimited:
      if (!from.ReadVarint32(&word) || !from.ReadString(&bytes, static_cast<int>(word))) {
        return false;
      }
      append_message(to, tag, bytes);
      return true;
    default:
      return false;
  }
}

/// Walks the fields of a message, or of the one that was entered: visit(tag) takes the whole field.
/// False at damage.
template <typename Visit>
bool for_each_field(CodedInputStream& from, const Visit& visit) {
  while (const uint32_t tag = from.ReadTag()) {
    if (!visit(tag)) return false;
  }
  return from.ConsumedEntireMessage();
}

/// The same of a message that is the value of a field.
template <typename Visit>
bool for_each_inner_field(CodedInputStream& from, const Visit& visit) {
  uint32_t length = 0;
  if (!from.ReadVarint32(&length) || length > kMessageLimit) return false;
  const auto outer = from.PushLimit(static_cast<int>(length));
  const bool is_whole = for_each_field(from, visit);
  from.PopLimit(outer);
  return is_whole;
}

/// A file as protobuf reads it.
class FileInput : public google::protobuf::io::CopyingInputStream {
 public:
  explicit FileInput(int file) : file_(file) {}

  int Read(void* buffer, int size) override {
    for (;;) {
      stop_if_cancelled();
      const ssize_t count = ::read(file_, buffer, static_cast<size_t>(size));
      if (count >= 0 || errno != EINTR) return static_cast<int>(count);
    }
  }

  int Skip(int count) override { return ::lseek(file_, count, SEEK_CUR) < 0 ? 0 : count; }

 private:
  int file_;
};

/// Copies a model's message from a file, all but the weights.
class TakingApart {
 public:
  TakingApart(CodedInputStream& from, fs::path file, uint64_t file_size)
      : from_(from), file_(std::move(file)), file_size_(file_size) {}

  bool copy_model(std::string& to) {
    return for_each_field(from_, [&](uint32_t tag) {
      return tag == kGraph ? copy_graph(to) : copy_field(from_, tag, to);
    });
  }

 private:
  bool copy_graph(std::string& to) {
    std::string graph;
    const bool is_whole = for_each_inner_field(from_, [&](uint32_t tag) {
      return tag == kInitializer ? copy_initializer(graph) : copy_field(from_, tag, graph);
    });
    append_message(to, kGraph, graph);
    return is_whole;
  }

  bool copy_initializer(std::string& to) {
    std::string tensor;
    std::optional<FileSlice> data;
    const bool is_whole = for_each_inner_field(from_, [&](uint32_t tag) {
      if (tag == kExternalData || (tag == kRawData && data)) return false;
      return tag == kRawData ? copy_data(tensor, data) : copy_field(from_, tag, tensor);
    });
    if (data) {
      onnx::TensorProto reference;
      refer_to(reference, *data);
      tensor += reference.SerializeAsString();
    }
    append_message(to, kInitializer, tensor);
    return is_whole;
  }

  bool copy_data(std::string& to, std::optional<FileSlice>& data) {
    uint32_t size = 0;
    std::string bytes;
    if (!from_.ReadVarint32(&size)) return false;
    if (size > kSmallWeight) {
      data = {file_, static_cast<uint64_t>(from_.CurrentPosition()), size};
      return data->offset + size <= file_size_ && from_.Skip(static_cast<int>(size));
    }
    if (!from_.ReadString(&bytes, static_cast<int>(size))) return false;
    append_message(to, kRawData, bytes);
    return true;
  }

  CodedInputStream& from_;
  fs::path file_;
  uint64_t file_size_;
};

/// The parts of a message, one behind the other.
class Parts {
 public:
  void add(std::string_view bytes) {
    if (list_.empty() || list_.back().slice.size > 0) list_.emplace_back();
    list_.back().bytes += bytes;
    size_ += bytes.size();
  }

  void add(FileSlice slice) {
    if (slice.size == 0) return;
    add(std::string_view());
    size_ += slice.size;
    list_.back().slice = std::move(slice);
  }

  /// As the value of a field.
  void add_message(uint32_t tag, Parts message) {
    std::string head;
    append_head(head, tag, message.size_);
    add(head);
    for (auto& part : message.list_) {
      add(part.bytes);
      add(std::move(part.slice));
    }
  }

  void add_field(CodedInputStream& from, uint32_t tag) {
    std::string field;
    // It comes out of protobuf itself.
    if (!copy_field(from, tag, field)) throw Error("the model has fields that cannot be copied");
    add(field);
  }

  uint64_t size() const { return size_; }
  std::vector<WholeMessage::Part> take() { return std::move(list_); }

 private:
  std::vector<WholeMessage::Part> list_;
  uint64_t size_ = 0;
};

/// An initializer whose data are in a file, with those in their place among the fields.
Parts whole_tensor(onnx::TensorProto tensor) {
  FileSlice data = slice_of(tensor);
  tensor.clear_external_data();
  tensor.clear_data_location();
  onnx::TensorProto behind;
  if (tensor.has_doc_string()) behind.set_doc_string(tensor.doc_string());
  tensor.clear_doc_string();
  Parts parts;
  std::string head;
  append_head(head, kRawData, data.size);
  parts.add(tensor.SerializeAsString() + head);
  parts.add(std::move(data));
  parts.add(behind.SerializeAsString());
  return parts;
}

Parts whole_graph(const onnx::GraphProto& graph, CodedInputStream& from) {
  Parts parts;
  int index = 0;
  for_each_inner_field(from, [&](uint32_t tag) {
    if (tag != kInitializer || !lies_in_file(graph.initializer(index))) {
      index += tag == kInitializer ? 1 : 0;
      parts.add_field(from, tag);
      return true;
    }
    uint32_t length = 0;
    from.ReadVarint32(&length);
    from.Skip(static_cast<int>(length));
    parts.add_message(kInitializer, whole_tensor(graph.initializer(index++)));
    return true;
  });
  return parts;
}

uint64_t size_of(const Descriptor& file) {
  struct stat status = {};
  return ::fstat(file.value(), &status) == 0 ? static_cast<uint64_t>(status.st_size) : 0;
}

/// Nothing where the file is not as expected: somebody else must tell what is wrong with it.
std::optional<std::string> skeleton_bytes(const Descriptor& file, const fs::path& path,
                                          uint64_t size) {
  FileInput input(file.value());
  google::protobuf::io::CopyingInputStreamAdaptor stream(&input);
  CodedInputStream coded(&stream);
  std::string bytes;
  if (!TakingApart(coded, path, size).copy_model(bytes)) return std::nullopt;
  return bytes;
}

onnx::ModelProto parse_file(const fs::path& file, const std::string& name, uint64_t small_file) {
  const Descriptor opened = open_regular_file(file);
  const uint64_t size = size_of(opened);
  if (size > small_file && size <= kMessageLimit) {
    const auto bytes = skeleton_bytes(opened, fs::canonical(file), size);
    if (bytes) return parse_model(*bytes, name);
  }
  return parse_model(read_file(file), name);
}

}  // namespace

onnx::ModelProto parse_skeleton(const fs::path& file, const std::string& name,
                                uint64_t small_file) {
  try {
    return parse_file(file, name, small_file);
  } catch (const Error&) {
    const std::string advice = model_advice(file);
    if (advice.empty()) throw;
    throw Error("is " + advice, {.file = name});
  }
}

WholeMessage::WholeMessage(const onnx::ModelProto& model) {
  std::string skeleton = serialize_skeleton(model);
  if (!refers_to_files(model)) {
    size_ = skeleton.size();
    parts_.push_back({std::move(skeleton), {}});
    return;
  }
  Parts parts;
  ArrayInputStream stream(skeleton.data(), static_cast<int>(skeleton.size()));
  CodedInputStream from(&stream);
  for_each_field(from, [&](uint32_t tag) {
    if (tag == kGraph) {
      parts.add_message(kGraph, whole_graph(model.graph(), from));
    } else {
      parts.add_field(from, tag);
    }
    return true;
  });
  size_ = parts.size();
  parts_ = parts.take();
}

void WholeMessage::write(const Sink& sink) const {
  for (const Part& part : parts_) {
    sink(part.bytes);
    if (part.slice.size > 0) for_each_block(part.slice, sink);
  }
}

}  // namespace rangefinder::graph
