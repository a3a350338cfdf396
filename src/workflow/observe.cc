#include "workflow/observe.h"

#include <fmt/format.h>

#include <set>
#include <utility>

#include "base/error.h"
#include "engine/watch.h"
#include "graph/model_file.h"

namespace rangefinder::workflow {

Samples open_samples(const data::DataOptions& options) {
  const auto source = data::open_samples(options.paths, options.picture);
  const auto split = data::split_held_out(source->size(), options.samples);
  const auto mine = data::select_shard(split.calibration, options.shard);
  Samples samples;
  samples.calibration = data::select_samples(source, mine);
  samples.indices = statistics::SampleSet::of({mine.begin(), mine.end()});
  samples.held_out = data::select_samples(source, split.held_out);
  samples.fingerprint = graph::fingerprint(source->fingerprint());
  return samples;
}

namespace {

engine::ModelSource model_of(const Plan& plan) {
  return {graph::serialize(plan.prepared.model), plan.path};
}

engine::ObserveOptions observe_options(const RunOptions& run) {
  engine::ObserveOptions options{.jobs = run.jobs, .nonfinite = run.nonfinite};
  if (run.progress) {
    options.progress = [&run](size_t done, size_t total) { run.progress("observe", done, total); };
  }
  options.cancelled = run.cancelled;
  return options;
}

statistics::ObservedTensor record(const engine::ObservedTensor& wanted,
                                  engine::TensorObservation seen) {
  statistics::ObservedTensor tensor{.name = wanted.name,
                                    .channels = std::move(seen.channels),
                                    .row_top = std::move(seen.row_top),
                                    .batch_figures = std::move(seen.batch_figures)};
  if (wanted.row_axis) {
    tensor.row_axis = *wanted.row_axis;
    // A shard without samples has rows all the same, none.
    if (!tensor.row_top) tensor.row_top.emplace(statistics::RowTop::kMaxK);
  }
  return tensor;
}

}  // namespace

statistics::StatisticsFile observe(const Plan& plan, const Samples& samples, const RowAxes& rows,
                                   const RunOptions& run) {
  const auto wanted = plan.observed(rows);
  auto observation =
      engine::observe(model_of(plan), wanted, *samples.calibration, observe_options(run));
  statistics::StatisticsFile file;
  file.model_fingerprint = plan.prepared.fingerprint;
  file.plan_fingerprint = plan.fingerprint();
  if (!samples.indices.empty()) file.samples[samples.fingerprint] = samples.indices;
  for (size_t i = 0; i < wanted.size(); ++i) {
    file.tensors.push_back(record(wanted[i], std::move(observation.tensors[i])));
  }
  return file;
}

void show_raw(const Plan& plan, const Samples& samples, const std::vector<std::string>& tensors,
              const passes::RawVisitor& visitor, const RunOptions& run) {
  std::vector<engine::ObservedTensor> wanted;
  for (const std::string& tensor : tensors) wanted.push_back({.name = tensor});
  engine::WatchOptions options{.jobs = 1};
  options.cancelled = run.cancelled;
  if (run.progress) {
    options.progress = [&](uint64_t done) {
      run.progress("raw", done, samples.calibration->size());
    };
  }
  engine::watch(
      model_of(plan), wanted, engine::feed_from(*samples.calibration),
      [&](size_t tensor, uint64_t, const tensor::TensorView& values) { visitor(tensor, values); },
      options);
}

void require_match(const Plan& plan, const statistics::StatisticsFile& statistics,
                   const std::string& file) {
  if (statistics.model_fingerprint != plan.prepared.fingerprint) {
    throw Error(
        fmt::format("was observed on another model ({:016x}); {} is {:016x}",
                    statistics.model_fingerprint, plan.path.string(), plan.prepared.fingerprint),
        {.file = file});
  }
  std::set<std::string> present;
  for (const auto& tensor : statistics.tensors) present.insert(tensor.name);
  for (const auto& name : plan.annotation.observed()) {
    if (present.contains(name)) continue;
    throw Error("is not among what was observed; observe for the same target and exclusions",
                {.file = file, .tensor = name});
  }
}

}  // namespace rangefinder::workflow
