#pragma once

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace rangefinder::graph {

/// Reads an ONNX model; tensors kept in external files are read into it.
/// Throws Error: no such file, not ONNX, no graph, an external file missing or too short, or more
/// than 2 GiB in all (what one protobuf message can hold).
onnx::ModelProto load_model(const std::filesystem::path& path);

/// Parses `bytes`; `name` stands for the file in errors. Throws Error.
onnx::ModelProto parse_model(std::string_view bytes, const std::string& name);

/// The same message always gives the same bytes. Throws Error beyond 2 GiB.
std::string serialize(const onnx::ModelProto& model);

/// 64-bit FNV-1a of bytes: tells models and plans apart, no protection against forgery.
uint64_t fingerprint(std::string_view bytes);

/// The version of the default ONNX operator set; 0 if the model imports none.
int64_t opset_version(const onnx::ModelProto& model);

/// A node of the main graph that makes codes or computes on them, the first one: the model is
/// quantized already. Null if there is none.
const onnx::NodeProto* find_quantized_node(const onnx::ModelProto& model);

}  // namespace rangefinder::graph
