#include "rangefinder/model.h"

#include <utility>

#include "api/model_state.h"
#include "base/file.h"
#include "engine/session.h"

namespace rangefinder {

Model::Model(std::shared_ptr<const State> state) : state_(std::move(state)) {}

Model Model::load(const std::filesystem::path& file) {
  require_regular_file(file);
  return Model(std::make_shared<State>(State{engine::ModelSource(file)}));
}

Model Model::parse(std::string bytes, const std::filesystem::path& data_folder) {
  return Model(
      std::make_shared<State>(State{engine::ModelSource(std::move(bytes), {}, data_folder)}));
}

Model model_of(std::string bytes, std::filesystem::path file) {
  return Model(std::make_shared<Model::State>(
      Model::State{engine::ModelSource(std::move(bytes), std::move(file))}));
}

void Model::save(const std::filesystem::path& file) const { write_file(file, bytes()); }

std::string Model::bytes() const {
  const engine::ModelSource& source = state_->source;
  return source.bytes.empty() ? read_file(source.file) : source.bytes;
}

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
