#include "workflow/observe.h"

#include <fmt/format.h>

#include "base/error.h"
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

statistics::StatisticsFile observe(const Plan& plan, const Samples& samples,
                                   const engine::ObserveOptions& options) {
  const auto wanted = plan.observed();
  const engine::ModelSource model(graph::serialize(plan.prepared.model), plan.path);
  auto observation = engine::observe(model, wanted, *samples.calibration, options);
  statistics::StatisticsFile file;
  file.model_fingerprint = plan.prepared.fingerprint;
  file.plan_fingerprint = plan.fingerprint();
  if (!samples.indices.empty()) file.samples[samples.fingerprint] = samples.indices;
  for (size_t i = 0; i < wanted.size(); ++i) {
    file.tensors.push_back({.name = wanted[i].name, .channels = std::move(observation.tensors[i])});
  }
  return file;
}

void require_match(const Plan& plan, const statistics::StatisticsFile& statistics,
                   const std::string& file) {
  if (statistics.model_fingerprint != plan.prepared.fingerprint) {
    throw Error(
        fmt::format("was observed on another model ({:016x}); {} is {:016x}",
                    statistics.model_fingerprint, plan.path.string(), plan.prepared.fingerprint),
        {.file = file});
  }
  if (statistics.plan_fingerprint != plan.fingerprint()) {
    throw Error("holds other tensors than this target needs, or was written by another version",
                {.file = file});
  }
}

}  // namespace rangefinder::workflow
