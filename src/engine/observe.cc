#include "engine/observe.h"

#include <optional>
#include <utility>

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

/// The instrumented model, ready to run.
struct Opened {
  InstrumentedModel model;
  std::optional<Session> session;
  std::string plain_because;
};

Opened open(const ModelSource& model, std::span<const ObservedTensor> tensors, WorkerSlots& slots,
            const RunControl& control) {
  Opened opened;
  opened.plain_because =
      open_instrumented(model, tensors, Layouts::kAny, [&](InstrumentedModel instrumented) {
        opened.model = std::move(instrumented);
        keep_model(opened.model.model, control.keep, "instrumented.onnx");
        opened.session.emplace(opened.model.model, session_options(opened.model, slots));
      });
  opened.model.model.bytes = {};  // The session holds what it needs, but for files.
  return opened;
}

}  // namespace

Observation observe(const ModelSource& model, std::span<const ObservedTensor> tensors,
                    const SampleFeed& feed, const RunControl& control, const Stage& stage) {
  const size_t workers = worker_count(control.jobs, stage.total);
  WorkerSlots slots(workers, tensors.size());
  Opened opened = open(model, tensors, slots, control);
  Observation result;
  result.sample_count = for_each_sample(
      feed, workers, control, stage, [&](size_t worker, uint64_t, const PendingSample& sample) {
        slots.enter(worker);
        const auto check = header_check(opened.session->inputs(), sample.name);
        opened.session->execute(sample.read(check), sample.name);
        if (control.nonfinite == Nonfinite::kError) {
          refuse_nonfinite(slots.worker(worker), sample.name, tensors, opened.model.graph_order);
        }
      });
  result.tensors = merge(slots, tensors.size());
  result.in_place_count = opened.model.in_place_count;
  result.plain_because = opened.plain_because;
  return result;
}

Observation observe(const ModelSource& model, std::span<const ObservedTensor> tensors,
                    const data::SampleSource& samples, const RunControl& control) {
  return observe(model, tensors, feed_from(samples), control, {"observe", samples.size()});
}

}  // namespace rangefinder::engine
