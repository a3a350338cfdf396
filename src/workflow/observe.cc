#include "workflow/observe.h"

#include <fmt/format.h>

#include <set>
#include <utility>

#include "base/error.h"
#include "engine/observe.h"
#include "engine/watch.h"

namespace rangefinder::workflow {

namespace {

statistics::ObservedTensor record(const engine::ObservedTensor& wanted,
                                  engine::TensorObservation seen) {
  statistics::ObservedTensor tensor{.name = wanted.name,
                                    .channels = std::move(seen.channels),
                                    .row_top = std::move(seen.row_top),
                                    .batch_figures = std::move(seen.batch_figures),
                                    .sum_axis = wanted.sum_axis,
                                    .channel_sums = std::move(seen.channel_sums)};
  tensor.holds_sums_alone = !wanted.is_counted;
  if (wanted.keeps_spread) tensor.spread = std::move(seen.spread);
  if (wanted.row_axis) {
    tensor.row_axis = *wanted.row_axis;
    // A shard without samples has rows all the same, none.
    if (!tensor.row_top) tensor.row_top.emplace(statistics::RowTop::kMaxK);
  }
  return tensor;
}

statistics::StatisticsFile file_of(const Plan& plan, const Samples& samples,
                                   const std::vector<engine::ObservedTensor>& wanted,
                                   engine::Observation observation) {
  statistics::StatisticsFile file;
  file.model_fingerprint = plan.prepared.fingerprint.get();
  file.plan_fingerprint = plan.fingerprint();
  file.samples = samples.indices();
  for (size_t i = 0; i < wanted.size(); ++i) {
    file.tensors.push_back(record(wanted[i], std::move(observation.tensors[i])));
  }
  return file;
}

/// The first of each of `count` equal parts.
std::shared_ptr<const data::SampleSource> spread(std::shared_ptr<const data::SampleSource> source,
                                                 size_t count) {
  const size_t size = source->size();
  if (size <= count) return source;
  std::vector<size_t> indices;
  for (size_t i = 0; i < count; ++i) indices.push_back(i * size / count);
  return data::select_samples(std::move(source), std::move(indices));
}

void look_at_held_out(const Samples& samples, const std::vector<engine::ObservedTensor>& wanted,
                      engine::Observer& observer, ObservedBoth& both) {
  const auto held_out = spread(samples.held_out(), kLookedAtCount);
  if (held_out->size() == 0) return;
  DataWatch watch;
  auto seen = observer.observe_what_fits(watch.watch(engine::feed_from(*held_out)),
                                         {"look", held_out->size()});
  both.held_out_look = watch.look();
  for (size_t i = 0; i < wanted.size(); ++i) {
    auto& channels = seen.tensors[i].channels;
    if (wanted[i].is_counted && channels.size() == 1) {
      both.held_out.emplace(wanted[i].name, std::move(channels.front()));
    }
  }
}

}  // namespace

statistics::StatisticsFile observe(const Plan& plan, Samples& samples,
                                   const std::vector<engine::ObservedTensor>& wanted,
                                   const RunControl& run) {
  return file_of(plan, samples, wanted,
                 engine::observe(plan.prepared_source(), wanted, samples.calibration(), run,
                                 {"observe", samples.calibration_count()}));
}

ObservedBoth observe_both(const Plan& plan, Samples& samples,
                          const std::vector<engine::ObservedTensor>& wanted,
                          const RunControl& run) {
  const engine::Stage stage{"observe", samples.calibration_count()};
  engine::Observer observer(plan.prepared_source(), wanted,
                            engine::worker_count(run.jobs, stage.total), run);
  DataWatch watch;
  auto observation = observer.observe(watch.watch(samples.calibration()), stage);
  ObservedBoth both{.statistics = file_of(plan, samples, wanted, std::move(observation)),
                    .look = watch.look()};
  look_at_held_out(samples, wanted, observer, both);
  return both;
}

void show_raw(const Plan& plan, Samples& samples, const std::vector<std::string>& tensors,
              const passes::RawVisitor& visitor, const RunControl& run) {
  std::vector<engine::ObservedTensor> wanted;
  for (const std::string& tensor : tensors) wanted.push_back({.name = tensor});
  RunControl one_worker = run;
  one_worker.jobs = 1;
  engine::watch(
      plan.prepared_source(), wanted, samples.calibration(),
      [&](size_t tensor, uint64_t, const tensor::TensorView& values) { visitor(tensor, values); },
      one_worker, {"raw", samples.calibration_count()});
}

void require_match(const Plan& plan, const statistics::StatisticsFile& statistics,
                   const std::string& file) {
  if (statistics.model_fingerprint != plan.prepared.fingerprint.get()) {
    throw Error(fmt::format("was observed on another model ({:016x}); {} is {:016x}",
                            statistics.model_fingerprint, plan.source.name(),
                            plan.prepared.fingerprint.get()),
                {.file = file});
  }
  std::set<std::string> present;
  for (const auto& tensor : statistics.tensors) {
    if (!tensor.holds_sums_alone) present.insert(tensor.name);
  }
  for (const auto& name : plan.annotation.observed()) {
    const auto stand_in = plan.stand_ins.find(name);
    if (present.contains(name)) continue;
    if (stand_in != plan.stand_ins.end() && present.contains(stand_in->second.source)) continue;
    throw Error("is not among what was observed; observe for the same target and exclusions",
                {.file = file, .tensor = name});
  }
}

}  // namespace rangefinder::workflow
