#include "rangefinder/model.h"

#include <utility>

#include "api/model_state.h"
#include "base/error.h"
#include "base/file.h"
#include "base/pending_files.h"
#include "engine/session.h"
#include "engine/write_model.h"
#include "graph/model_advice.h"

namespace rangefinder {

Model::Model(std::shared_ptr<const State> state) : state_(std::move(state)) {}

Model Model::load(const std::filesystem::path& file) {
  std::error_code ignored;
  if (std::filesystem::is_directory(file, ignored)) {
    const std::string advice = graph::model_advice(file);
    if (!advice.empty()) throw Error("is " + advice, {.file = file.string()});
  }
  require_regular_file(file);
  return Model(std::make_shared<State>(State{engine::ModelSource(file)}));
}

Model Model::parse(std::string bytes, const std::filesystem::path& data_folder) {
  if (bytes.empty()) throw Error("is empty", {.file = "the model"});
  return Model(
      std::make_shared<State>(State{engine::ModelSource(std::move(bytes), {}, data_folder)}));
}

Model model_of(engine::ModelSource source) {
  return Model(std::make_shared<Model::State>(Model::State{std::move(source)}));
}

void Model::save(const std::filesystem::path& file) const {
  PendingFiles files;
  engine::add_model(files, file, state_->source);
  files.commit();
}

std::string Model::bytes() const { return engine::whole_bytes(state_->source); }

const std::filesystem::path& Model::file() const { return state_->source.file; }

std::vector<TensorInfo> Model::inputs() const {
  const engine::Session session(state_->source, {.optimization = engine::OptimizationLevel::kNone});
  return {session.inputs().begin(), session.inputs().end()};
}

std::vector<TensorInfo> Model::outputs() const {
  const engine::Session session(state_->source, {.optimization = engine::OptimizationLevel::kNone});
  return {session.outputs().begin(), session.outputs().end()};
}

NamedTensors Model::run(const NamedTensors& inputs) const {
  return engine::Session(state_->source).run(inputs);
}

}  // namespace rangefinder
