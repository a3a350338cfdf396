#include "engine/observe.h"

#include <fmt/format.h>

#include <optional>
#include <utility>

#include "base/error.h"
#include "engine/per_worker.h"
#include "engine/session.h"

namespace rangefinder::engine {
namespace {

[[noreturn]] void report_nonfinite(const std::string& sample, const std::string& tensor,
                                   const ChannelStatistics& seen) {
  statistics::Extrema all;
  for (const auto& channel : seen) all.merge(channel.extrema);
  const char* what = all.nan_count == 0          ? "infinite values"
                     : all.infinity_count() == 0 ? "NaN"
                                                 : "NaN and infinite values";
  throw Error(
      fmt::format("shows {} on {}; allowed are finite values, unless they are to be ignored", what,
                  sample),
      {.tensor = tensor});
}

void refuse_nonfinite(ObserveSlots& slots, const std::string& sample,
                      std::span<const ObservedTensor> tensors,
                      std::span<const size_t> graph_order) {
  for (const size_t tensor : graph_order) {
    if (slots.saw_nonfinite(tensor)) {
      report_nonfinite(sample, tensors[tensor].name, slots.slots()[tensor].channels);
    }
  }
}

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

Opened open(const ModelSource& model, std::span<const ObservedTensor> tensors, WorkerSlots& slots) {
  Opened opened;
  opened.plain_because =
      open_instrumented(model, tensors, Layouts::kAny, [&](InstrumentedModel instrumented) {
        opened.model = std::move(instrumented);
        opened.session.emplace(opened.model.model, session_options(opened.model, slots));
      });
  opened.model.model = {};  // The session holds what it needs.
  return opened;
}

}  // namespace

Observation observe(const ModelSource& model, std::span<const ObservedTensor> tensors,
                    const data::SampleSource& samples, const ObserveOptions& options) {
  const PassOptions pass = options.pass();
  const size_t workers = worker_count(pass, samples.size());
  WorkerSlots slots(workers, tensors.size());
  Opened opened = open(model, tensors, slots);
  for_each_sample(samples.size(), workers, pass, [&](size_t worker, size_t sample) {
    slots.enter(worker);
    const std::string name = samples.name(sample);
    opened.session->execute(samples.read(sample), name);
    if (options.nonfinite == Nonfinite::kError) {
      refuse_nonfinite(slots.worker(worker), name, tensors, opened.model.graph_order);
    }
  });
  Observation result;
  result.tensors = merge(slots, tensors.size());
  result.sample_count = samples.size();
  result.in_place_count = opened.model.in_place_count;
  result.plain_because = opened.plain_because;
  return result;
}

}  // namespace rangefinder::engine
