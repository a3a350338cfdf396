#pragma once

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace rangefinder::graph {

struct LoadedModel {
  onnx::ModelProto model;
  /// Something was said in one of the ways that ONNX Runtime does not understand, or crashes on: it
  /// must be given this model, not the file.
  bool is_rewritten = false;
};

/// Reads an ONNX model as everything behind understands it: larger weights refer to where they lie
/// (weights.h), other tensors kept in external files are read into it (external_data.h), and what
/// may be said in several ways is said in one (normalize.h). Throws Error: no such file, not ONNX,
/// no graph, bodies or function calls too deep (functions.h), external data that is refused, or a
/// file or sparse tensors of more than 2 GiB (what one protobuf message can hold).
LoadedModel load_model(const std::filesystem::path& path);
/// The same of bytes in memory, as if they were the file `path`. Weights within them stay there.
LoadedModel load_model(std::string_view bytes, const std::filesystem::path& path,
                       const std::string& name);

/// Parses `bytes`; `name` stands for the file in errors. Throws Error.
onnx::ModelProto parse_model(std::string_view bytes, const std::string& name);

/// The model as one message, weights that lie in files included; the same model always gives the
/// same bytes. Throws Error beyond 2 GiB.
std::string serialize(const onnx::ModelProto& model);
/// The same without those weights: the references to them. Only this process understands it.
std::string serialize_skeleton(const onnx::ModelProto& model);

/// 64-bit FNV-1a of bytes: tells models and plans apart, no protection against forgery.
uint64_t fingerprint(std::string_view bytes);
/// That of serialize(model), which need not be made for it and may be larger than 2 GiB.
uint64_t fingerprint(const onnx::ModelProto& model);

/// The version of the default ONNX operator set; 0 if the model imports none.
int64_t opset_version(const onnx::ModelProto& model);

/// A node of the main graph that makes codes or computes on them, the first one: the model is
/// quantized already. Null if there is none.
const onnx::NodeProto* find_quantized_node(const onnx::ModelProto& model);

}  // namespace rangefinder::graph
