#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "data/sample_source.h"
#include "engine/compute_device.h"
#include "engine/instrument.h"
#include "engine/model_source.h"
#include "engine/observe_slots.h"
#include "engine/sample_pass.h"
#include "rangefinder/run_control.h"

namespace rangefinder::engine {

/// What was counted.
struct Observation {
  /// In the order of the tensors asked for. Empty for a tensor that saw no sample.
  std::vector<TensorObservation> tensors;
  size_t sample_count = 0;
  /// Tensors that were counted in ONNX Runtime's own layout.
  size_t in_place_count = 0;
  /// Why none was: the rewritten model could not be loaded. Otherwise empty.
  std::string plain_because;
};

/// When a pass hands over what it has gathered, so that it need not be gathered again.
struct Handovers {
  /// After so many samples for the first time; 0: never.
  uint64_t first = 0;
  /// Takes what was counted since the last time, in the order of the tensors asked for; see
  /// Rests::at.
  std::function<uint64_t(std::vector<TensorObservation> seen, const Rest& rest)> take = {};
};

/// Outputs that are wanted of samples.
struct WantedOutputs {
  /// All if none is named; those that are no tensors of numbers are not given.
  std::vector<std::string> names = {};
  /// By the samples' places in the feed. Several threads hand over at a time. Empty: none is
  /// wanted.
  std::function<void(uint64_t place, tensor::NamedTensors outputs)> take = {};
  /// Of which samples; empty: of all.
  std::function<bool(uint64_t place)> is_wanted = {};

  bool are_wanted(uint64_t place) const { return take && (!is_wanted || is_wanted(place)); }
};

/// A model that is opened once to be observed on several sets of samples; see observe().
class Observer {
 public:
  /// At most `workers` samples are run at a time. Throws Error as observe() does.
  Observer(const ModelSource& model, std::span<const ObservedTensor> tensors, size_t workers,
           const RunControl& control);
  /// On a device that was opened before, instead of control.device.
  Observer(const ModelSource& model, std::span<const ObservedTensor> tensors, size_t workers,
           const RunControl& control, ComputeDevice device);
  ~Observer();
  Observer(const Observer&) = delete;
  Observer& operator=(const Observer&) = delete;

  /// What these samples show, and no others; less what was handed over.
  Observation observe(const SampleFeed& feed, const Stage& stage, const Handovers& handovers = {},
                      const WantedOutputs& outputs = {});

  /// The same, for samples that must not stop anything: those that cannot be run are passed over,
  /// and NaN and infinity only counted. Tells nobody of its progress. Throws Error when cancelled.
  Observation observe_what_fits(const SampleFeed& feed, const Stage& stage,
                                const WantedOutputs& outputs = {});

  /// Runs such samples for their outputs alone: nothing is counted.
  void run_what_fits(const SampleFeed& feed, const Stage& stage, const WantedOutputs& outputs);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Runs the model on all samples and gathers what calibration needs of the tensors while they are
/// in flight - counts, extremes, figures of every batch, rows where asked for: nothing is stored or
/// copied, and memory does not grow with the samples.
///
/// The workers share one session and so the weights; each has its own statistics. The same model,
/// tensors and samples give the same statistics for any number of jobs: kernels are
/// single-threaded, and counts add up in any order. Throws Error, of the first sample in order that
/// fails whatever the number of jobs: unreadable, not fitting the model (see bind_inputs()), or
/// showing NaN or infinity, then naming the first tensor of the graph that does. Throws Error when
/// cancelled, and if control.device cannot be used (see with_usable_device()).
Observation observe(const ModelSource& model, std::span<const ObservedTensor> tensors,
                    const SampleFeed& feed, const RunControl& control = {},
                    const Stage& stage = {"observe"});
/// The same for all samples of a data set.
Observation observe(const ModelSource& model, std::span<const ObservedTensor> tensors,
                    const data::SampleSource& samples, const RunControl& control = {});

}  // namespace rangefinder::engine
