#pragma once

#include <onnx/onnx_pb.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

#include "base/pending_files.h"

namespace rangefinder::graph {

/// Weights live once, in a file: the user's own, or one of a temporary folder. A model in memory is
/// a skeleton whose larger initializers only say where their bytes lie, as ONNX says it of external
/// data, with a location that is the file's absolute path without the leading slash: that is what
/// ONNX Runtime finds when it is told that the model lies in kWeightsFolder. It maps the bytes
/// itself, so that a skeleton may be copied, edited, serialized and opened at no cost.
inline constexpr char kWeightsFolder[] = "/";

/// Initializers of so many bytes stay in the message: shapes, axes and scalars are looked at before
/// anything runs.
inline constexpr size_t kSmallWeight = 1024;

/// Bytes of a file.
struct FileSlice {
  std::filesystem::path file;
  uint64_t offset = 0;
  uint64_t size = 0;
};

bool lies_in_file(const onnx::TensorProto& tensor);

/// True if the bytes of an initializer of the main graph lie in a file.
bool refers_to_files(const onnx::ModelProto& model);

/// The value of an entry of external data; null if there is none.
const std::string* external_entry(const onnx::TensorProto& tensor, std::string_view key);
/// The same as a number; 0 if there is none. Throws Error naming the tensor.
uint64_t external_number(const onnx::TensorProto& tensor, std::string_view key);

/// Where the bytes lie. Throws Error naming the tensor if it says so in no way that refer_to()
/// does.
FileSlice slice_of(const onnx::TensorProto& tensor);

/// Drops the tensor's bytes: from now on they are those of the slice, whose path must be absolute.
void refer_to(onnx::TensorProto& tensor, const FileSlice& slice);

/// Drops the tensor's bytes and says where else they are, in ONNX's words.
void set_external_data(onnx::TensorProto& tensor, const std::string& location, uint64_t offset,
                       uint64_t size);

/// Bytes of the tensor's raw data, wherever they are. 0 for data in typed fields.
uint64_t raw_size(const onnx::TensorProto& tensor);

/// Fills `to`, of the slice's size. Throws Error naming the file if it is not there any more, or
/// has become shorter.
void read_slice(const FileSlice& slice, std::span<std::byte> to);

/// Hands out the bytes of the slice in order, some at a time. Throws Error as read_slice() does.
void for_each_block(const FileSlice& slice, const Sink& visit);

}  // namespace rangefinder::graph
