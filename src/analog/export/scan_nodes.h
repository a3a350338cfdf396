#pragma once

#include <map>
#include <string>

#include "analog/export/node_writer.h"
#include "analog/export/tile_nodes.h"

namespace rangefinder::analog {

/// Layers by name (see recurrent_layer_name).
using ProgrammedLayers = std::map<std::string, ProgrammedLayer>;

/// Writes an LSTM, GRU or RNN as one Scan per direction whose body has the two matrices as analog
/// layers and the gates as standard operators. Biases and gates are digital. The outputs have the
/// names of the node's own. Throws std::invalid_argument if a layer is not there.
void write_recurrent(NodeWriter& writer, const ProgrammedLayers& layers,
                     const onnx::NodeProto& node);

}  // namespace rangefinder::analog
