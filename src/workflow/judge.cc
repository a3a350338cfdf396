#include "workflow/judge.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <unordered_set>
#include <utility>

#include "analysis/judged.h"
#include "analysis/reveal.h"
#include "base/error.h"
#include "engine/sample_pass.h"

namespace rangefinder::workflow {
namespace {

using analysis::OutputError;
using tensor::NamedTensors;

OutputError error_of(const std::string& name, const NamedTensors& real,
                     const NamedTensors& restored) {
  OutputError error{.name = name};
  const auto& expected = real.at(name);
  const auto& found = restored.at(name);
  if (expected.shape() != found.shape()) {
    error.shape_mismatch_count = 1;
    return error;
  }
  error.sample_count = 1;
  error.metrics.add(expected.to_float32().floats(), found.to_float32().floats());
  error.powers = {{error.metrics.real_power(), error.metrics.error_power()}};
  return error;
}

uint64_t bytes_of(const NamedTensors& tensors) {
  uint64_t bytes = 0;
  for (const auto& [name, value] : tensors) bytes += value.bytes().size();
  return bytes;
}

/// Two feeds, one behind the other.
engine::SampleFeed joined(engine::SampleFeed first, engine::SampleFeed second) {
  return [first = std::move(first), second = std::move(second),
          is_over = false]() mutable -> std::optional<engine::PendingSample> {
    if (!is_over) {
      if (auto sample = first()) return sample;
      is_over = true;
    }
    return second ? second() : std::nullopt;
  };
}

}  // namespace

std::vector<std::string> judged_tensors(const Plan& plan) {
  std::vector<std::string> names;
  std::unordered_set<std::string> seen;
  for (const auto& judged : analysis::judged_outputs(plan.prepared)) {
    for (const std::string& name : judged.tensors) {
      if (passes::is_float(plan.prepared.infos, name) && seen.insert(name).second) {
        names.push_back(name);
      }
    }
  }
  return names;
}

double worst_sqnr_db(std::span<const OutputError> errors) {
  double worst = std::numeric_limits<double>::infinity();
  for (const OutputError& error : errors) {
    if (!(error.metrics.real_power() > 0)) continue;
    worst = std::min(worst, error.sqnr_bound_db().value_or(error.metrics.sqnr_db()));
  }
  return worst;
}

Judge::Judge(const Plan& plan, Samples& samples, const RunControl& run)
    : tensors_(judged_tensors(plan)),
      revealed_(analysis::inner_tensors(analysis::judged_outputs(plan.prepared))),
      samples_(samples),
      run_(run),
      held_out_(samples.held_out()),
      real_(analysis::revealing(plan.prepared_source(), revealed_), {.fetch = tensors_}) {
  const size_t held_out = std::min(held_out_->size(), kSamples);
  if (samples.can_repeat()) {
    from_calibration_ = std::min(samples.calibration_count(), kSamples - held_out);
  }
  sample_count_ = held_out + from_calibration_;
}

engine::SampleFeed Judge::feed() const {
  auto held_out = engine::feed_from(*held_out_, kSamples);
  if (from_calibration_ == 0) return held_out;
  return joined(std::move(held_out),
                spread(samples_.calibration(), from_calibration_, samples_.calibration_count()));
}

std::shared_ptr<const NamedTensors> Judge::real_values(uint64_t index, const NamedTensors& sample,
                                                       const std::string& name) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = kept_.find(index);
    if (found != kept_.end()) return found->second;
  }
  auto values = std::make_shared<const NamedTensors>(real_.run(sample, name));
  const std::lock_guard lock(mutex_);
  const uint64_t bytes = bytes_of(*values);
  if (kept_bytes_ + bytes <= kKeptBytes && kept_.emplace(index, values).second) {
    kept_bytes_ += bytes;
  }
  return values;
}

std::vector<OutputError> Judge::measure(const engine::ModelSource& quantized) {
  engine::Session restored(analysis::revealing(quantized, revealed_), {.fetch = tensors_});
  std::vector<std::vector<OutputError>> found(sample_count_);
  engine::for_each_sample(feed(), engine::worker_count(run_.jobs, sample_count_), run_,
                          {"judge", sample_count_},
                          [&](size_t, uint64_t index, const engine::PendingSample& pending) {
                            try {
                              const NamedTensors sample =
                                  pending.read(engine::header_check(real_.inputs(), pending.name));
                              const auto real = real_values(index, sample, pending.name);
                              const NamedTensors values = restored.run(sample, pending.name);
                              std::vector<OutputError> errors;
                              for (const auto& name : tensors_)
                                errors.push_back(error_of(name, *real, values));
                              found.at(index) = std::move(errors);
                            } catch (const Error&) {
                              if (run_.cancelled && *run_.cancelled) throw;
                            }
                          });
  std::vector<OutputError> total;
  for (const auto& name : tensors_) total.push_back({.name = name});
  for (const auto& errors : found) {
    for (size_t i = 0; i < errors.size(); ++i) total[i].merge(errors[i]);
  }
  return total;
}

}  // namespace rangefinder::workflow
