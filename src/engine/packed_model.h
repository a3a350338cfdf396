#pragma once

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <filesystem>

#include "engine/model_source.h"

namespace rangefinder::engine {

/// A model in memory, made ready to be run: as bytes or, where those would be more than
/// `largest_message`, with its larger weights in a file of a temporary folder that the result holds
/// alive - one protobuf message holds no more than 2 GiB. The same model always gives the same
/// bytes, and the same file. Throws Error (disk full).
ModelSource pack_model(const onnx::ModelProto& model, const std::filesystem::path& path,
                       uint64_t largest_message = uint64_t{1} << 30);

/// The inverse: the whole model in memory. Throws Error.
onnx::ModelProto unpack_model(const ModelSource& source);

/// A user's model, of a file or of bytes, see graph::load_model(). Throws Error.
onnx::ModelProto load_model(const ModelSource& source);

/// What ONNX Runtime may be given of a user's model: that itself, or, where loading rewrites it,
/// what came out. Throws Error as load_model() does, so that ONNX Runtime sees nothing that we
/// refuse.
ModelSource runnable(const ModelSource& source);

/// Bytes of the model, weights beside it included.
uint64_t packed_size(const ModelSource& source);

/// Tells models apart: of a model that is bytes alone graph::fingerprint() of them.
uint64_t packed_fingerprint(const ModelSource& source);

}  // namespace rangefinder::engine
