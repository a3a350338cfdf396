#include "rangefinder/session.h"

#include "api/model_state.h"
#include "engine/session.h"

namespace rangefinder {

struct Session::State {
  engine::Session session;
};

Session::Session(const Model& model) : state_(new State{engine::Session(model.state().source)}) {}
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;
Session::~Session() = default;

std::vector<TensorInfo> Session::inputs() const {
  const auto inputs = state_->session.inputs();
  return {inputs.begin(), inputs.end()};
}

std::vector<TensorInfo> Session::outputs() const {
  const auto outputs = state_->session.outputs();
  return {outputs.begin(), outputs.end()};
}

NamedTensors Session::run(const NamedTensors& sample) { return state_->session.run(sample); }
void Session::execute(const NamedTensors& sample) { state_->session.execute(sample); }

}  // namespace rangefinder
