#pragma once

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <filesystem>

namespace rangefinder::graph {

/// Finds the tensors that are kept in external files. Initializers of the main graph refer to their
/// bytes from then on (weights.h); small ones, and all others - in attributes, sparse ones, in
/// bodies and in functions - are read into the model, each its own slice and nothing else of its
/// file.
///
/// A location is taken as ONNX Runtime takes it: relative, and once `..` and all links are
/// resolved inside of the folder that `path` names, or of the one that the model's file really
/// lies in (a model in a cache of links has its data beside it there). Only regular files are read.
/// A slice is checked against the tensor's shape and the file's size before memory is taken.
///
/// Throws Error naming model, tensor and location; also when a tensor that is read has more than
/// 2 GiB, or when all slices together have more than `most_bytes` beyond the sizes of the files
/// they are of: the slices of a small file, taken thousands of times, are no model.
void find_external_data(onnx::ModelProto& model, const std::filesystem::path& path,
                        uint64_t most_bytes = uint64_t{1} << 30);

}  // namespace rangefinder::graph
