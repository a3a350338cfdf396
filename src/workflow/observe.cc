#include "workflow/observe.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "base/error.h"
#include "base/fingerprint.h"
#include "engine/observe.h"
#include "engine/watch.h"
#include "statistics/codec.h"
#include "statistics/wire.h"
#include "workflow/held_out.h"

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
  if (wanted.spread_axis) tensor.spread = std::move(seen.spread);
  if (wanted.row_axis) {
    tensor.row_axis = *wanted.row_axis;
    // A shard without samples has rows all the same, none.
    if (!tensor.row_top) tensor.row_top.emplace(statistics::RowTop::kMaxK);
  }
  return tensor;
}

using Wanted = std::vector<engine::ObservedTensor>;
using tensor::NamedTensors;

/// What was seen, as statistics that do not say of which samples yet.
statistics::StatisticsFile file_of(const Plan& plan, const Wanted& wanted,
                                   std::vector<engine::TensorObservation> seen) {
  statistics::StatisticsFile file;
  file.model_fingerprint = plan.prepared.fingerprint.get();
  file.plan_fingerprint = plan.fingerprint();
  for (size_t i = 0; i < wanted.size(); ++i) {
    file.tensors.push_back(record(wanted[i], std::move(seen[i])));
  }
  return file;
}

/// Statistics of the samples so far, and how those look.
class Gathered : public Gathering {
 public:
  Gathered(const Plan& plan, const Wanted& wanted) : plan_(plan), wanted_(wanted) {}

  void add(std::vector<engine::TensorObservation> seen) {
    statistics::StatisticsFile more = file_of(plan_, wanted_, std::move(seen));
    if (file_) {
      file_->merge(more);
    } else {
      file_ = std::move(more);
    }
  }

  std::string bytes() const override {
    statistics::WireWriter to;
    to.text(statistics::serialize(file_ ? *file_ : nothing()));
    to.text(watch_.bytes());
    return to.bytes();
  }
  void add(std::string_view bytes, const std::string& from) override {
    statistics::WireReader reader(bytes, from);
    if (!file_) file_ = nothing();
    file_->merge(statistics::parse_statistics(reader.text(), from), from);
    watch_.add(reader.text(), from);
    if (!reader.at_end()) reader.fail("bytes behind what was gathered");
  }
  void clear() override {
    file_.reset();
    watch_.clear();
  }

  DataWatch& watch() { return watch_; }
  statistics::StatisticsFile take() { return file_ ? std::move(*file_) : nothing(); }

 private:
  statistics::StatisticsFile nothing() const {
    return file_of(plan_, wanted_, std::vector<engine::TensorObservation>(wanted_.size()));
  }

  const Plan& plan_;
  const Wanted& wanted_;
  std::optional<statistics::StatisticsFile> file_;
  DataWatch watch_;
};

std::string hexadecimal(uint64_t value) { return fmt::format("{:016x}", value); }

/// What is gathered of the tensors, beyond which they are.
std::string fingerprint_of(const Wanted& wanted) {
  Fingerprint all;
  for (const auto& tensor : wanted) {
    all.add(tensor.name);
    all.add(fmt::format("{} {} {} {} {}", tensor.channel_axis, tensor.row_axis.value_or(INT64_MIN),
                        tensor.sum_axis.value_or(INT64_MIN), tensor.spread_axis.value_or(INT64_MIN),
                        tensor.is_counted));
  }
  return all.text();
}

/// Which samples of which data; of a stream that is not known yet.
std::string text_of(const std::map<uint64_t, statistics::SampleSet>& indices) {
  std::string text;
  for (const auto& [fingerprint, set] : indices) {
    statistics::WireWriter bytes;
    statistics::encode(set, bytes);
    text += fmt::format("{} samples {} of {:016x}", set.count(),
                        hexadecimal(statistics::checksum(bytes.bytes())), fingerprint);
  }
  return text;
}

/// Empty where nobody asks: the model's fingerprint takes a look at all of it.
RunIdentity identity_of(const std::string& command, const Plan& plan, const Wanted& wanted,
                        const Samples& samples, const RunControl& run, const PassOptions& options) {
  if (!options.needs_identity()) return {};
  RunIdentity identity = begin_identity(command, run.device);
  identity.emplace_back("model", hexadecimal(plan.prepared.fingerprint.get()));
  identity.emplace_back("plan", hexadecimal(plan.fingerprint()));
  identity.emplace_back("statistics", fingerprint_of(wanted));
  identity.emplace_back("nonfinite", run.nonfinite == Nonfinite::kError ? "error" : "ignore");
  identity.emplace_back("data", samples.is_list() ? text_of(samples.indices()) : "a stream");
  return identity;
}

PassSamples pass_samples(Samples& samples) {
  PassSamples all{.feed = samples.calibration(),
                  .count = samples.calibration_count(),
                  .is_list = samples.is_list()};
  if (!all.is_list) all.passed = [&samples] { return text_of(samples.indices()); };
  return all;
}

/// One pass over the calibration samples, of which an earlier process and other ranks may do parts.
class ObservePass {
 public:
  ObservePass(const Plan& plan, Samples& samples, const Wanted& wanted, const RunControl& run,
              const PassOptions& options, const std::string& command)
      : samples_(samples),
        gathered_(plan, wanted),
        pass_(options, identity_of(command, plan, wanted, samples, run, options),
              pass_samples(samples), gathered_, run),
        stage_(pass_.stage("observe")),
        observer_(plan.prepared_source(), wanted, engine::worker_count(run.jobs, stage_.total),
                  pass_.control()) {}

  engine::SampleFeed feed() { return pass_.feed(); }
  DataWatch& watch() { return gathered_.watch(); }
  engine::Observer& observer() { return observer_; }

  /// `feed`: feed(), watched or not.
  statistics::StatisticsFile run(const engine::SampleFeed& feed,
                                 const engine::WantedOutputs& outputs = {}) {
    const engine::Rests rests = pass_.rests();
    const auto take = [&](std::vector<engine::TensorObservation> seen, const engine::Rest& rest) {
      gathered_.add(std::move(seen));
      return rests.at(rest);
    };
    auto seen = observer_.observe(feed, stage_, {.first = rests.first, .take = take}, outputs);
    gathered_.add(std::move(seen.tensors));
    pass_.finish(seen.sample_count);
    statistics::StatisticsFile file = gathered_.take();
    file.samples = samples_.indices();
    file.whole = samples_.whole();
    return file;
  }

 private:
  Samples& samples_;
  Gathered gathered_;
  SharedPass pass_;
  engine::Stage stage_;
  engine::Observer observer_;
};

/// The first of each of `count` equal parts, all if there are no more.
std::vector<size_t> spread_places(size_t size, size_t count) {
  std::vector<size_t> places;
  for (size_t i = 0; i < std::min(size, count); ++i) {
    places.push_back(i * size / std::min(size, count));
  }
  return places;
}

std::vector<size_t> places_between(size_t size, const std::vector<size_t>& taken) {
  std::vector<size_t> others;
  for (size_t place = 0; place < size; ++place) {
    if (!std::ranges::binary_search(taken, place)) others.push_back(place);
  }
  return others;
}

std::vector<std::string> output_names(const Plan& plan) {
  std::vector<std::string> names;
  for (const auto& output : plan.prepared.model.graph().output()) names.push_back(output.name());
  return names;
}

/// Of the calibration samples that join those held out, where this process runs all of them.
engine::WantedOutputs joining_outputs(const Plan& plan, const Samples& samples,
                                      const PassOptions& options, analysis::KnownOutputs* outputs) {
  const bool runs_all = !options.is_shared() && options.checkpoint.file.empty();
  if (outputs == nullptr || !runs_all || !samples.is_list()) return {};
  return {.names = output_names(plan),
          .take =
              [&samples, outputs, behind = samples.held_out()->size()](uint64_t place,
                                                                       NamedTensors values) {
                outputs->borrow(behind + *joining_place(samples, place), std::move(values));
              },
          .is_wanted =
              [&samples](uint64_t place) { return joining_place(samples, place).has_value(); }};
}

/// The held-out samples, of which some are counted, and the outputs of all of them if they are
/// wanted.
class HeldOutLook {
 public:
  HeldOutLook(const Plan& plan, const Samples& samples, engine::Observer& observer,
              analysis::KnownOutputs* outputs)
      : plan_(plan), samples_(samples.held_out()), observer_(observer), outputs_(outputs) {}

  void run(const std::vector<engine::ObservedTensor>& wanted, ObservedBoth& both) {
    const size_t size = samples_->size();
    if (size == 0) return;
    const auto counted = spread_places(size, kLookedAtCount);
    const auto source = data::select_samples(samples_, counted);
    const uint64_t before = outputs_ == nullptr ? 0 : outputs_->bytes();
    DataWatch watch;
    auto seen = observer_.observe_what_fits(watch.watch(engine::feed_from(*source)),
                                            {"look", counted.size()}, outputs_of(counted));
    both.held_out_look = watch.look();
    for (size_t i = 0; i < wanted.size(); ++i) {
      auto& channels = seen.tensors[i].channels;
      if (wanted[i].is_counted && channels.size() == 1) {
        both.held_out.emplace(wanted[i].name, std::move(channels.front()));
      }
      if (wanted[i].spread_axis) {
        both.held_out_spreads.emplace(wanted[i].name, std::move(seen.tensors[i].spread));
      }
    }
    if (outputs_ == nullptr) return;
    const uint64_t bytes_of_one = (outputs_->bytes() - before) / counted.size();
    run_others(places_between(size, counted), bytes_of_one);
  }

 private:
  engine::WantedOutputs outputs_of(const std::vector<size_t>& places) {
    if (outputs_ == nullptr) return {};
    return {.names = output_names(plan_),
            .take = [this, places](uint64_t place, NamedTensors values) {
              outputs_->borrow(places.at(place), std::move(values));
            }};
  }

  /// Whether the outputs of all fit is told from those of the samples that were counted. If that
  /// was wrong none is kept: which of them fit would depend on whose worker is first.
  void run_others(const std::vector<size_t>& others, uint64_t bytes_of_one) {
    if (!others.empty() && outputs_->has_room_to_borrow(bytes_of_one * others.size())) {
      const auto source = data::select_samples(samples_, others);
      observer_.run_what_fits(engine::feed_from(*source), {"look", others.size()},
                              outputs_of(others));
    }
    if (outputs_->is_full()) outputs_->clear();
  }

  const Plan& plan_;
  std::shared_ptr<const data::SampleSource> samples_;
  engine::Observer& observer_;
  analysis::KnownOutputs* outputs_;
};

}  // namespace

statistics::StatisticsFile observe(const Plan& plan, Samples& samples, const Wanted& wanted,
                                   const RunControl& run, const PassOptions& options) {
  ObservePass pass(plan, samples, wanted, run, options, "observe");
  return pass.run(pass.feed());
}

ObservedBoth observe_both(const Plan& plan, Samples& samples, const Wanted& wanted,
                          const RunControl& run, const PassOptions& options,
                          analysis::KnownOutputs* outputs) {
  ObservePass pass(plan, samples, wanted, run, options, "quantize");
  ObservedBoth both{.statistics = pass.run(pass.watch().watch(pass.feed()),
                                           joining_outputs(plan, samples, options, outputs))};
  both.look = pass.watch().look();
  if (options.is_first()) HeldOutLook(plan, samples, pass.observer(), outputs).run(wanted, both);
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
