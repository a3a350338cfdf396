#include "analysis/model_error.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <future>
#include <map>
#include <mutex>
#include <span>
#include <utility>

#include "base/error.h"
#include "engine/bind_inputs.h"
#include "engine/sample_pass.h"
#include "engine/session.h"

// A sample goes through three gates: it can be read and fits both models, both models run on it,
// and it is finite where it must be. What the first and the last hold back is the sample's fault
// (an error, or left out on request); what the second holds back is a finding about the models.

namespace rangefinder::analysis {

using engine::ModelSource;
using engine::Session;
using engine::TensorInfo;
using tensor::NamedTensors;
using tensor::Tensor;

namespace {

const TensorInfo* find(std::span<const TensorInfo> outputs, const std::string& name) {
  const auto found = std::ranges::find(outputs, name, &TensorInfo::name);
  return found == outputs.end() ? nullptr : &*found;
}

/// Why an output's values cannot be compared; empty if they can.
std::string obstacle_of(const TensorInfo& output) {
  if (tensor::element_size(output.type) != 0) return {};
  if (output.type == tensor::ElementType::kString) return "holds strings, which have no distance";
  return "is not a tensor of numbers";
}

/// An empty measure for each output of either model.
std::vector<OutputError> outputs_of(const ModelSource& reference, const Session& expected,
                                    const ModelSource& other, const Session& found) {
  std::vector<OutputError> rows;
  const auto add = [&](const TensorInfo& output, const Session& partner, const ModelSource& name) {
    const TensorInfo* match = find(partner.outputs(), output.name);
    std::string obstacle = obstacle_of(output);
    if (obstacle.empty() && match != nullptr) obstacle = obstacle_of(*match);
    if (match == nullptr) obstacle = fmt::format("{} has no such output", name.name());
    rows.push_back({.name = output.name, .obstacle = std::move(obstacle)});
  };
  const auto is_common = [&](const TensorInfo& output) {
    return find(found.outputs(), output.name) != nullptr;
  };
  if (std::ranges::none_of(expected.outputs(), is_common)) {
    throw Error(fmt::format("has none of the outputs of {}", reference.name()),
                {.file = other.name(),
                 .tensor = expected.outputs().empty() ? "" : expected.outputs().front().name});
  }
  for (const TensorInfo& output : expected.outputs()) add(output, found, other);
  for (const TensorInfo& output : found.outputs()) {
    if (find(expected.outputs(), output.name) == nullptr) add(output, expected, reference);
  }
  return rows;
}

bool is_finite(std::span<const float> values) {
  return std::ranges::all_of(values, [](float x) { return std::isfinite(x); });
}

bool is_finite(const Tensor& value) {
  if (!tensor::is_floating(value.type())) return true;
  if (value.type() == tensor::ElementType::kFloat32) return is_finite(value.floats());
  return is_finite(value.to_float32().floats());
}

bool is_finite(const NamedTensors& tensors) {
  return std::ranges::all_of(tensors, [](const auto& entry) { return is_finite(entry.second); });
}

/// Elements of two tensors of one type and shape whose bytes are the same.
uint64_t equal_elements(const Tensor& a, const Tensor& b) {
  const size_t size = tensor::element_size(a.type());
  uint64_t equal = 0;
  for (size_t at = 0; at < a.bytes().size(); at += size) {
    equal += std::memcmp(&a.bytes()[at], &b.bytes()[at], size) == 0;
  }
  return equal;
}

void measure(const Tensor& real, const Tensor& restored, OutputError& error) {
  if (real.shape() != restored.shape()) {
    error.shape_mismatch_count = 1;
    return;
  }
  error.sample_count = 1;
  const Tensor real_floats = real.to_float32();
  const Tensor restored_floats = restored.to_float32();
  error.metrics.add(real_floats.floats(), restored_floats.floats());
  error.values.add(real_floats.floats(), restored_floats.floats());
  error.powers = {{error.metrics.real_power(), error.metrics.error_power()}};
  error.top.add(real, restored);
  if (const auto power = score_power(real, restored)) error.score_powers = {*power};
  if (tensor::is_floating(real.type()) || real.type() != restored.type()) return;
  error.integer_count = real.element_count();
  error.equal_count = equal_elements(real, restored);
}

void measure(const Sections& sections, const Tensor& real, const Tensor& restored,
             OutputError& error) {
  const auto powers = section_powers(sections, real, restored);
  for (size_t i = 0; i < powers.size(); ++i) {
    error.sections.push_back({.name = sections.sections[i].name, .powers = {powers[i]}});
  }
}

/// Adds samples up in their order, whoever finishes first.
class OrderedSum {
 public:
  explicit OrderedSum(std::vector<OutputError> empty) { total_.outputs = std::move(empty); }

  void add(size_t sample, ModelError found) {
    const std::lock_guard lock(mutex_);
    waiting_.emplace(sample, std::move(found));
    while (!waiting_.empty() && waiting_.begin()->first == next_) {
      merge(waiting_.begin()->second);
      waiting_.erase(waiting_.begin());
      ++next_;
    }
  }

  ModelError take() { return std::move(total_); }

 private:
  void merge(ModelError& ready) {
    for (size_t i = 0; i < ready.outputs.size(); ++i) total_.outputs[i].merge(ready.outputs[i]);
    for (LeftOutSample& sample : ready.left_out) total_.left_out.push_back(std::move(sample));
  }

  std::mutex mutex_;
  /// Samples that are done before their turn: not many, they are handed out in order.
  std::map<size_t, ModelError> waiting_;
  size_t next_ = 0;
  ModelError total_;
};

/// Both models, ready to run.
class Pair {
 public:
  Pair(const ModelSource& reference, const ModelSource& other, const ModelErrorOptions& options)
      : options_(options),
        opening_(
            std::async(std::launch::async,
                       [&] { return options.open_other ? options.open_other() : Session(other); })),
        expected_(reference),
        found_(opening_.get()),
        outputs_(outputs_of(reference, expected_, other, found_)) {}

  const std::vector<OutputError>& outputs() const { return outputs_; }
  Session& expected() { return expected_; }
  Session& found() { return found_; }

  /// What one sample tells: a measure of each output, or that it was left out.
  ModelError measure_sample(const engine::PendingSample& pending, bool leaves_out_bad) {
    const std::string& name = pending.name;
    try {
      const NamedTensors sample = pending.read(engine::header_check(expected_.inputs(), name));
      engine::bind_inputs(expected_.inputs(), sample, name);
      engine::bind_inputs(found_.inputs(), sample, name);
      return run(sample, name);
    } catch (const Error& error) {
      if (!leaves_out_bad || is_cancelled()) throw;
      return {.left_out = {{name, error.what()}}};
    }
  }

 private:
  bool is_cancelled() const { return options_.run.cancelled && *options_.run.cancelled; }

  void check(const NamedTensors& sample, const std::string& name) const {
    try {
      options_.check(sample, name);
    } catch (const Error& error) {
      throw error.within({.file = name});
    }
  }

  ModelError run(const NamedTensors& sample, const std::string& name) {
    NamedTensors real;
    NamedTensors restored;
    ModelError result{.outputs = std::vector<OutputError>(outputs_.size())};
    // ONNX Runtime runs nothing for outputs that nobody asks for.
    const auto is_measured = [](const OutputError& output) { return output.obstacle.empty(); };
    if (std::ranges::none_of(outputs_, is_measured)) return result;
    try {
      real = expected_.run(sample, name);
      restored = found_.run(sample, name);
    } catch (const Error& error) {
      if (is_cancelled()) throw;
      return {.left_out = {{name, error.what()}}};
    }
    if (options_.check && !(is_finite(sample) && is_finite(real))) check(sample, name);
    for (size_t i = 0; i < outputs_.size(); ++i) {
      const std::string& output = outputs_[i].name;
      if (!is_measured(outputs_[i])) continue;
      measure(real.at(output), restored.at(output), result.outputs[i]);
      const auto sections = options_.sections.find(output);
      if (sections == options_.sections.end()) continue;
      measure(sections->second, real.at(output), restored.at(output), result.outputs[i]);
    }
    return result;
  }

  const ModelErrorOptions& options_;
  // All workers share both sessions: models may be larger than all else together.
  std::future<Session> opening_;
  Session expected_;
  Session found_;
  std::vector<OutputError> outputs_;
};

std::vector<OutputError> measure_more(Pair& models, const ModelErrorOptions& options) {
  OrderedSum sum(models.outputs());
  RunControl quiet = options.run;
  quiet.progress = {};
  engine::for_each_sample(options.more_samples(), engine::worker_limit(options.run.jobs), quiet,
                          {"compare", 0},
                          [&](size_t, uint64_t index, const engine::PendingSample& sample) {
                            sum.add(index, models.measure_sample(sample, true));
                          });
  return sum.take().outputs;
}

}  // namespace

void OutputError::merge(const OutputError& other) {
  metrics.merge(other.metrics);
  top.merge(other.top);
  values.merge(other.values);
  powers.insert(powers.end(), other.powers.begin(), other.powers.end());
  score_powers.insert(score_powers.end(), other.score_powers.begin(), other.score_powers.end());
  if (sections.empty()) {
    sections = other.sections;
  } else {
    for (size_t i = 0; i < other.sections.size(); ++i) {
      auto& own = sections[i].powers;
      own.insert(own.end(), other.sections[i].powers.begin(), other.sections[i].powers.end());
    }
  }
  sample_count += other.sample_count;
  shape_mismatch_count += other.shape_mismatch_count;
  integer_count += other.integer_count;
  equal_count += other.equal_count;
}

std::optional<double> OutputError::equal_share() const {
  if (integer_count == 0) return std::nullopt;
  return static_cast<double>(equal_count) / static_cast<double>(integer_count);
}

ModelError model_error(const ModelSource& reference, const ModelSource& other,
                       const data::SampleSource& samples, const ModelErrorOptions& options) {
  Pair models(reference, other, options);
  OrderedSum sum(models.outputs());
  engine::for_each_sample(
      engine::feed_from(samples), engine::worker_count(options.run.jobs, samples.size()),
      options.run, {"compare", samples.size()},
      [&](size_t, uint64_t index, const engine::PendingSample& sample) {
        sum.add(index, models.measure_sample(sample, options.leave_out_bad_samples));
      });
  ModelError found = sum.take();
  if (options.more_samples) found.more_outputs = measure_more(models, options);
  if (options.when_done) options.when_done(models.expected(), models.found());
  return found;
}

}  // namespace rangefinder::analysis
