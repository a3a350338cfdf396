#include "engine/observe.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/cancellation.h"
#include "base/error.h"
#include "engine/finite_check.h"
#include "engine/per_worker.h"
#include "engine/session.h"
#include "engine/write_model.h"

namespace rangefinder::engine {
namespace {

/// Tensor by tensor, so that what was added up need not be there twice.
std::vector<TensorObservation> merge(WorkerSlots& slots, size_t tensor_count) {
  std::vector<TensorObservation> total(tensor_count);
  for (size_t tensor = 0; tensor < tensor_count; ++tensor) {
    for (size_t worker = 0; worker < slots.worker_count(); ++worker) {
      total[tensor].merge(slots.worker(worker).take(tensor));
    }
  }
  return total;
}

}  // namespace

struct Observer::State {
  std::vector<ObservedTensor> tensors;
  RunControl control;
  // Before the session, which counts into them until it is gone.
  WorkerSlots slots;
  InstrumentedModel model = {};
  std::optional<Session> session = {};
  std::string plain_because = {};
  ComputeDevice device;

  State(std::span<const ObservedTensor> wanted, size_t workers, const RunControl& run,
        ComputeDevice opened)
      : tensors(wanted.begin(), wanted.end()),
        control(run),
        slots(workers, wanted.size(), opened.cuda),
        device(std::move(opened)) {}

  void open(const ModelSource& source) {
    if (device.cuda) {
      // Blocks of channels are the CPU's.
      open_session(instrument_plainly(source, tensors));
    } else {
      plain_because = open_instrumented(
          source, tensors, Layouts::kAny,
          [&](InstrumentedModel instrumented) { open_session(std::move(instrumented)); });
    }
    model.model.bytes = {};  // The session holds what it needs, but for files.
  }

  void open_session(InstrumentedModel instrumented) {
    model = std::move(instrumented);
    keep_model(model.model, control.keep, "instrumented.onnx");
    SessionOptions options = session_options(model, slots);
    options.place = device.place;
    options.cuda_device = device.provider_device();
    session.emplace(model.model, options);
  }

  void run(size_t worker, const PendingSample& sample) {
    slots.enter(worker);
    const auto check = header_check(session->inputs(), sample.name);
    session->execute(sample.read(check), sample.name);
    slots.worker(worker).finish_run();
  }

  /// And hands over the outputs, if they are wanted.
  void run_for(const WantedOutputs& outputs, size_t worker, uint64_t place,
               const PendingSample& sample) {
    if (!outputs.are_wanted(place)) return run(worker, sample);
    slots.enter(worker);
    const auto check = header_check(session->inputs(), sample.name);
    auto found = session->run_for(outputs.names, sample.read(check), sample.name);
    slots.worker(worker).finish_run();
    outputs.take(place, std::move(found));
  }

  void set_counting(bool is_counting) {
    for (size_t i = 0; i < slots.worker_count(); ++i) slots.worker(i).set_counting(is_counting);
  }

  template <class Work>
  Observation observe(const SampleFeed& feed, const RunControl& run_control, const Stage& stage,
                      const Work& work, const Handovers& handovers = {}) {
    Observation result;
    const size_t workers = std::min(slots.worker_count(), worker_count(control.jobs, stage.total));
    const Rests rests{.first = handovers.first, .at = [&](const Rest& rest) {
                        return handovers.take(merge(slots, tensors.size()), rest);
                      }};
    result.sample_count = for_each_sample(
        feed, workers, run_control, stage,
        [&](size_t worker, uint64_t place, const PendingSample& sample) {
          work(worker, place, sample);
        },
        rests);
    result.tensors = merge(slots, tensors.size());
    result.in_place_count = model.in_place_count;
    result.plain_because = plain_because;
    return result;
  }
};

Observer::Observer(const ModelSource& model, std::span<const ObservedTensor> tensors,
                   size_t workers, const RunControl& control)
    : Observer(model, tensors, workers, control, open_compute_device(control.device)) {}

Observer::Observer(const ModelSource& model, std::span<const ObservedTensor> tensors,
                   size_t workers, const RunControl& control, ComputeDevice device)
    : state_(std::make_unique<State>(tensors, workers, control, std::move(device))) {
  state_->open(model);
}

Observer::~Observer() = default;

Observation Observer::observe(const SampleFeed& feed, const Stage& stage,
                              const Handovers& handovers, const WantedOutputs& outputs) {
  const auto work = [&](size_t worker, uint64_t place, const auto& sample) {
    state_->run_for(outputs, worker, place, sample);
    if (state_->control.nonfinite == Nonfinite::kError) {
      refuse_nonfinite(state_->slots.worker(worker), sample.name, state_->tensors,
                       state_->model.graph_order);
    }
  };
  return state_->observe(feed, state_->control, stage, work, handovers);
}

Observation Observer::observe_what_fits(const SampleFeed& feed, const Stage& stage,
                                        const WantedOutputs& outputs) {
  RunControl quiet = state_->control;
  quiet.progress = {};
  return state_->observe(feed, quiet, stage,
                         [&](size_t worker, uint64_t place, const auto& sample) {
                           try {
                             state_->run_for(outputs, worker, place, sample);
                           } catch (const Error&) {
                             stop_if_cancelled();
                           }
                         });
}

void Observer::run_what_fits(const SampleFeed& feed, const Stage& stage,
                             const WantedOutputs& outputs) {
  state_->set_counting(false);
  observe_what_fits(feed, stage, outputs);
  state_->set_counting(true);
}

Observation observe(const ModelSource& model, std::span<const ObservedTensor> tensors,
                    const SampleFeed& feed, const RunControl& control, const Stage& stage) {
  return Observer(model, tensors, worker_count(control.jobs, stage.total), control)
      .observe(feed, stage);
}

Observation observe(const ModelSource& model, std::span<const ObservedTensor> tensors,
                    const data::SampleSource& samples, const RunControl& control) {
  return observe(model, tensors, feed_from(samples), control, {"observe", samples.size()});
}

}  // namespace rangefinder::engine
