#pragma once

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <filesystem>

#include "engine/model_source.h"
#include "graph/model_file.h"

namespace rangefinder::engine {

/// A model as a message, and the folders that weights lie in which it refers to.
struct HeldModel {
  onnx::ModelProto model;
  HeldFolders held = {};
};

/// A model made ready to be run: its message, and where the weights are that it refers to
/// (graph/weights.h). Throws Error beyond 2 GiB without those.
ModelSource pack_model(const onnx::ModelProto& model, const std::filesystem::path& path,
                       HeldFolders held = {});

/// The same of a model that needs nothing else than itself: bytes with all weights, or, where those
/// are more than `largest_message`, with the weights in a temporary folder of its own. Throws Error
/// (disk full).
ModelSource pack_whole_model(onnx::ModelProto model, const std::filesystem::path& path,
                             uint64_t largest_message = uint64_t{8} << 20);

/// Moves the larger weights that stand in the message into a temporary folder, if they are more
/// than `most_bytes` together. Throws Error (disk full).
void move_weights_to_file(HeldModel& model, uint64_t most_bytes = uint64_t{8} << 20);

/// A user's model, of a file or of bytes, see graph::load_model(). Throws Error.
graph::LoadedModel load_model(const ModelSource& source);

/// The message of any model, as it stands: nothing is said otherwise than there. Throws Error.
onnx::ModelProto parse_model(const ModelSource& source);

/// What ONNX Runtime may be given of a user's model: what load_model() made of it. Throws Error as
/// that does, so that ONNX Runtime sees nothing that we refuse.
ModelSource runnable(const ModelSource& source);

}  // namespace rangefinder::engine
