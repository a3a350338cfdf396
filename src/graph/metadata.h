#pragma once

#include <onnx/onnx_pb.h>

#include <string>

namespace rangefinder::graph {

/// What a model's metadata_props say of a key, the first of its entries; null if they do not.
const std::string* find_metadata(const onnx::ModelProto& model, const std::string& key);

/// Replaces what they say of it, or adds an entry.
void set_metadata(onnx::ModelProto& model, const std::string& key, const std::string& value);

}  // namespace rangefinder::graph
