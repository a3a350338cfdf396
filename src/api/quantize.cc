#include "rangefinder/quantize.h"

#include <stdexcept>
#include <utility>

#include "api/model_state.h"
#include "api/quantized_state.h"
#include "api/requests.h"
#include "api/statistics_state.h"
#include "data/shard_environment.h"
#include "engine/compute_device.h"
#include "workflow/quantize.h"

namespace rangefinder {

namespace {

QuantizedModel result_of(workflow::Quantized quantized, bool has_statistics,
                         bool has_model = true) {
  std::optional<Model> model;
  if (has_model) model = model_of(quantized.model);
  return QuantizedModel(std::make_shared<QuantizedModel::State>(std::move(quantized),
                                                                std::move(model), has_statistics));
}

workflow::ChoiceOptions choice_options(const ChoiceOptions& options) {
  workflow::ChoiceOptions result{.min_sqnr = options.min_sqnr,
                                 .max_drop = options.max_drop,
                                 .fastest = options.fastest,
                                 .decisions = options.decisions};
  if (options.metric) {
    result.metric = [&metric = options.metric](const engine::ModelSource& model) {
      return metric(model_of(model));
    };
  }
  return result;
}

}  // namespace

QuantizedModel::QuantizedModel(std::shared_ptr<const State> state) : state_(std::move(state)) {}

const Model& QuantizedModel::model() const {
  state_->require_model();
  return *state_->model;
}
const Summary& QuantizedModel::summary() const {
  state_->require_model();
  return state_->quantized.summary;
}
const std::optional<Statistics>& QuantizedModel::statistics() const { return state_->statistics(); }

void QuantizedModel::save(const ResultFiles& files) const {
  if (!files.statistics.empty() && !state_->has_statistics) {
    throw std::invalid_argument("there are no statistics to save: the model was solved from such");
  }
  state_->require_model();
  workflow::write_results(state_->quantized, files);
}

QuantizedModel quantize(const Model& model, const SampleSource& samples,
                        const QuantizeOptions& options) {
  const workflow::PassOptions pass = pass_options(options.checkpoint, options.ranks);
  const engine::UsableRun usable = engine::with_usable_device(options.run);
  return result_of(workflow::quantize({.model = model.state().source,
                                       .plan = plan_options(options.plan),
                                       .calibration = calibration_of(options.method, options.plan),
                                       .effort = options.effort,
                                       .choice = choice_options(options.choice),
                                       .samples = input_for(model, samples),
                                       .split = split_options(options.split, model),
                                       .run = usable.control,
                                       .pass = pass,
                                       .results = options.results,
                                       .require_sqnr = options.require_sqnr,
                                       .node_times = options.node_times,
                                       .command = options.command}),
                   true, pass.is_first());
}

Shard parse_shard(std::string_view text) {
  const auto [index, count] = data::parse_shard_or_auto(text, data::process_environment);
  return {index, count};
}

Statistics observe(const Model& model, const SampleSource& samples, const ObserveOptions& options) {
  const workflow::PassOptions pass = pass_options(options.checkpoint, options.ranks);
  const engine::UsableRun usable = engine::with_usable_device(options.run);
  workflow::ObserveRequest request{.model = model.state().source,
                                   .plan = plan_options(options.plan),
                                   .samples = input_for(model, samples),
                                   .split = split_options(options.split, model),
                                   .run = usable.control,
                                   .pass = pass,
                                   .rows = options.rows,
                                   .row_axis = options.row_axis,
                                   .output = options.output};
  request.split.shard = {.index = options.shard.index, .count = options.shard.count};
  return statistics_of(workflow::observe(request));
}

QuantizedModel solve(const Model& model, const Statistics& statistics,
                     const SolveOptions& options) {
  if (!options.results.statistics.empty()) {
    throw std::invalid_argument("there are no statistics to write but those that were given");
  }
  return result_of(workflow::solve({.model = model.state().source,
                                    .statistics = statistics.state().content,
                                    .statistics_file = statistics.state().file,
                                    .plan = plan_options(options.plan),
                                    .calibration = calibration_of(options.method, options.plan),
                                    .effort = options.effort,
                                    .decisions = options.decisions,
                                    .run = options.run,
                                    .results = options.results}),
                   false);
}

}  // namespace rangefinder
