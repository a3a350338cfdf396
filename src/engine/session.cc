#include "engine/session.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/cancellation.h"
#include "base/file.h"
#include "engine/operator_domain.h"
#include "engine/runtime.h"
#include "engine/runtime_library.h"
#include "engine/work_counts.h"

namespace rangefinder::engine {
namespace {

/// Where nothing is observed.
class NoSink : public ObserveSink {
 public:
  void count(const ObserveTarget&, const tensor::TensorView&) override {}
};

}  // namespace

struct Session::State {
  std::string model_name;
  NoSink no_sink;
  // Before the session: it uses the operators until it is destroyed.
  std::optional<OperatorDomain> operators;
  Ort::Session session{nullptr};
  std::vector<TensorInfo> inputs;
  std::vector<TensorInfo> outputs;
  // What Run() is asked for: tensors of numbers.
  std::vector<const char*> input_names;
  std::vector<const char*> output_names;

  void open(const ModelSource& model, const SessionOptions& options);
  void describe(const std::vector<std::string>& fetch);
  std::vector<const char*> numeric_outputs(std::span<const std::string> wanted) const;
  std::vector<Ort::Value> run(std::span<const char* const> names,
                              const tensor::NamedTensors& sample, const std::string& sample_name);
  tensor::NamedTensors run_and_copy(std::span<const char* const> names,
                                    const tensor::NamedTensors& sample,
                                    const std::string& sample_name);
};

void Session::State::open(const ModelSource& model, const SessionOptions& options) {
  Ort::SessionOptions runtime = runtime_options(model, options);
  if (options.observe != nullptr || options.has_switches) {
    operators.emplace(options.observe != nullptr ? *options.observe : no_sink, options.place);
    operators->add_to(runtime);
  }
  if (model.bytes.empty()) require_regular_file(model.file);
  count_session(model.bytes.empty() ? std::filesystem::file_size(model.file) : model.bytes.size());
  const OnCancellation stop([&] { runtime.SetLoadCancellationFlag(true); });
  session = model.bytes.empty()
                ? Ort::Session(environment(), model.file.c_str(), runtime)
                : Ort::Session(environment(), model.bytes.data(), model.bytes.size(), runtime);
}

void Session::State::describe(const std::vector<std::string>& fetch) {
  Ort::AllocatorWithDefaultOptions allocator;
  for (size_t i = 0; i < session.GetInputCount(); ++i) {
    inputs.push_back(tensor_info(session.GetInputNameAllocated(i, allocator).get(),
                                 session.GetInputTypeInfo(i)));
  }
  for (size_t i = 0; i < session.GetOutputCount(); ++i) {
    outputs.push_back(tensor_info(session.GetOutputNameAllocated(i, allocator).get(),
                                  session.GetOutputTypeInfo(i)));
  }
  for (const TensorInfo& input : inputs) input_names.push_back(input.name.c_str());
  output_names = numeric_outputs(fetch);
}

/// Of all if none is named.
std::vector<const char*> Session::State::numeric_outputs(
    std::span<const std::string> wanted) const {
  std::vector<const char*> names;
  for (const TensorInfo& output : outputs) {
    const bool is_wanted = wanted.empty() || std::ranges::find(wanted, output.name) != wanted.end();
    if (is_wanted && tensor::element_size(output.type) != 0) names.push_back(output.name.c_str());
  }
  return names;
}

std::vector<Ort::Value> Session::State::run(std::span<const char* const> names,
                                            const tensor::NamedTensors& sample,
                                            const std::string& sample_name) {
  const BoundInputs bound = bind_inputs(inputs, sample, sample_name);
  count_run();
  try {
    std::vector<Ort::Value> values;
    for (const tensor::TensorView& view : bound.views) values.push_back(borrow(view));
    Ort::RunOptions options;
    const OnCancellation stop([&] { options.SetTerminate(); });
    return session.Run(options, input_names.data(), values.data(), values.size(), names.data(),
                       names.size());
  } catch (const Ort::Exception& error) {
    stop_if_cancelled();
    const std::string place = sample_name.empty() ? "" : " on " + sample_name;
    throw Error(fmt::format("failed{}: {}", place, error.what()), {.file = model_name});
  }
}

tensor::NamedTensors Session::State::run_and_copy(std::span<const char* const> names,
                                                  const tensor::NamedTensors& sample,
                                                  const std::string& sample_name) {
  const std::vector<Ort::Value> values = run(names, sample, sample_name);
  tensor::NamedTensors result;
  for (size_t i = 0; i < values.size(); ++i) result[names[i]] = copy(values[i]);
  return result;
}

Session::Session(const ModelSource& model, const SessionOptions& options) {
  // Before anything else: without the library not even an empty session can be destroyed.
  runtime_library();
  state_ = std::make_unique<State>();
  state_->model_name = model.name();
  try {
    stop_if_cancelled();
    state_->open(model, options);
    state_->describe(options.fetch);
  } catch (const Ort::Exception& error) {
    stop_if_cancelled();
    throw Error(fmt::format("ONNX Runtime cannot load it: {}", error.what()),
                {.file = model.name()});
  }
}

Session::~Session() = default;
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;

std::span<const TensorInfo> Session::inputs() const { return state_->inputs; }
std::span<const TensorInfo> Session::outputs() const { return state_->outputs; }

tensor::NamedTensors Session::run(const tensor::NamedTensors& sample,
                                  const std::string& sample_name) {
  return state_->run_and_copy(state_->output_names, sample, sample_name);
}

tensor::NamedTensors Session::run_for(std::span<const std::string> wanted,
                                      const tensor::NamedTensors& sample,
                                      const std::string& sample_name) {
  return state_->run_and_copy(state_->numeric_outputs(wanted), sample, sample_name);
}

void Session::execute(const tensor::NamedTensors& sample, const std::string& sample_name) {
  state_->run(state_->output_names, sample, sample_name);
}

}  // namespace rangefinder::engine
