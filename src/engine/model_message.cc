#include "engine/model_message.h"

#include <string>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "engine/onnx_messages.h"

namespace rangefinder::engine {

onnx::ModelProto parse_message(const ModelSource& model) {
  onnx::ModelProto message;
  const bool parsed = model.bytes.empty() ? message.ParseFromString(read_file(model.file))
                                          : message.ParseFromString(model.bytes);
  if (!parsed) throw Error("is not an ONNX model, or damaged", {.file = model.name()});
  return message;
}

ModelSource with_message(const ModelSource& model, const onnx::ModelProto& message) {
  std::string bytes;
  if (!message.SerializeToString(&bytes)) {
    throw Error("is too large for one ONNX file without external data", {.file = model.name()});
  }
  return {std::move(bytes), model.file, model.data_folder, model.temporary};
}

}  // namespace rangefinder::engine
