#include "engine/observe.h"

#include <fmt/format.h>

#include <future>
#include <memory>
#include <utility>

#include "base/error.h"
#include "engine/session.h"

namespace rangefinder::engine {
namespace {

/// One session and where it counts.
struct Worker {
  ObserveSlots slots;
  Session session;

  Worker(const InstrumentedModel& model, size_t tensor_count)
      : slots(tensor_count), session(model.model, session_options(model)) {}

  SessionOptions session_options(const InstrumentedModel& model) {
    SessionOptions options{.optimization = model.level, .plan_memory = false, .observe = &slots};
    if (!model.token.empty()) options.fetch = {model.token};
    return options;
  }
};

using Workers = std::vector<std::unique_ptr<Worker>>;

/// Opens all sessions at the same time.
Workers open_workers(const InstrumentedModel& model, size_t tensor_count, size_t jobs) {
  std::vector<std::future<std::unique_ptr<Worker>>> opening;
  for (size_t i = 0; i < jobs; ++i) {
    opening.push_back(std::async(std::launch::async,
                                 [&] { return std::make_unique<Worker>(model, tensor_count); }));
  }
  Workers workers;
  for (auto& worker : opening) workers.push_back(worker.get());
  return workers;
}

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

void refuse_nonfinite(const ObserveSlots& slots, const std::string& sample,
                      std::span<const ObservedTensor> tensors,
                      std::span<const size_t> graph_order) {
  for (const size_t tensor : graph_order) {
    if (slots.saw_nonfinite(tensor)) {
      report_nonfinite(sample, tensors[tensor].name, slots.slots()[tensor]);
    }
  }
}

std::vector<ChannelStatistics> merge(Workers& workers) {
  std::vector<ChannelStatistics> total = workers[0]->slots.take();
  for (size_t i = 1; i < workers.size(); ++i) {
    std::vector<ChannelStatistics> more = workers[i]->slots.take();
    for (size_t t = 0; t < total.size(); ++t) merge_channels(total[t], std::move(more[t]));
  }
  return total;
}

}  // namespace

Observation observe(const ModelSource& model, std::span<const ObservedTensor> tensors,
                    const data::SampleSource& samples, const ObserveOptions& options) {
  const size_t jobs = worker_count(options.pass(), samples.size());
  Observation result;
  result.sample_count = samples.size();
  InstrumentedModel instrumented;
  Workers workers;
  try {
    instrumented = instrument(model, tensors);
    workers = open_workers(instrumented, tensors.size(), jobs);
  } catch (const Error& error) {
    result.plain_because = error.what();
    instrumented = instrument_plainly(model, tensors);
    workers = open_workers(instrumented, tensors.size(), jobs);
  }
  result.in_place_count = instrumented.in_place_count;
  instrumented.model = {};  // The sessions hold what they need.
  const PassOptions pass = options.pass();
  for_each_sample(samples.size(), jobs, pass, [&](size_t number, size_t sample) {
    Worker& worker = *workers[number];
    const std::string name = samples.name(sample);
    worker.session.execute(samples.read(sample), name);
    if (options.nonfinite == Nonfinite::kError) {
      refuse_nonfinite(worker.slots, name, tensors, instrumented.graph_order);
    }
  });
  result.tensors = merge(workers);
  return result;
}

}  // namespace rangefinder::engine
