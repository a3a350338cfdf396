#include "analysis/model_error.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <future>
#include <limits>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <utility>

#include "base/cancellation.h"
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

/// The outputs of one model alone, as far as its partner has the same.
std::vector<OutputError> outputs_of(const Session& model) {
  std::vector<OutputError> rows;
  for (const TensorInfo& output : model.outputs()) {
    rows.push_back({.name = output.name, .obstacle = obstacle_of(output)});
  }
  return rows;
}

bool are_alike(const std::vector<OutputError>& a, const std::vector<OutputError>& b) {
  return std::ranges::equal(a, b, [](const OutputError& one, const OutputError& other) {
    return one.name == other.name && one.obstacle == other.obstacle;
  });
}

/// `small`: of the first sample alone.
bool is_far_below(std::span<const SamplePower> small, std::span<const SamplePower> large) {
  const auto of_small = sqnr_db(small);
  const auto of_large = sqnr_db(large);
  if (!of_small || *of_small == std::numeric_limits<double>::infinity()) return true;
  return of_large && *of_small >= *of_large + kCheckDistanceDb;
}

bool is_far_below(const OutputError& small, const OutputError& large) {
  if (small.shape_mismatch_count > 0) return false;
  for (size_t i = 0; i < small.sections.size(); ++i) {
    if (i >= large.sections.size()) return false;
    if (!is_far_below(small.sections[i].powers, large.sections[i].powers)) return false;
  }
  return is_far_below(small.powers, large.powers) &&
         is_far_below(small.score_powers, large.score_powers);
}

/// Both models, ready to run; the reference perhaps later.
class Pair {
 public:
  Pair(const ModelSource& reference, const ModelSource& other, const data::SampleSource& samples,
       const ModelErrorOptions& options)
      : reference_(reference),
        other_(other),
        samples_(samples),
        options_(options),
        is_late_(options.known != nullptr && !options.known->empty()),
        opening_(
            std::async(std::launch::async,
                       [&] { return options.open_other ? options.open_other() : Session(other); })),
        opened_(std::async(launch_of_reference(), [this, heeded = Cancellation::current()] {
                  const CancellationOf inherited(heeded);
                  return open_reference();
                }).share()) {
    if (!is_late_) opened();
    found_.emplace(opening_.get());
    set_outputs(is_late_ ? outputs_of(*found_) : common_outputs());
  }

  const std::vector<OutputError>& outputs() const { return outputs_; }
  /// Waits until it is open; throws Error if that fails.
  Session& expected() const { return opened().session; }
  Session& found() { return *found_; }

  /// What one sample tells: a measure of each output, or that it was left out. `place`: where its
  /// outputs are kept.
  ModelError measure_sample(const engine::PendingSample& pending, uint64_t place,
                            bool leaves_out_bad) {
    const std::string& name = pending.name;
    try {
      const Values known = options_.known ? options_.known->find(place, measured_) : nullptr;
      // What fits one model fits the other, or else nothing were known of it.
      Session& first = known ? *found_ : expected();
      const NamedTensors sample = pending.read(engine::header_check(first.inputs(), name));
      engine::bind_inputs(first.inputs(), sample, name);
      engine::bind_inputs(found_->inputs(), sample, name);
      return run(sample, name, place, known);
    } catch (const Error& error) {
      if (!leaves_out_bad || is_cancelled()) throw;
      return {.left_out = {{name, error.what()}}};
    }
  }

  /// Whether what was known may stand for what the reference gives, by what was measured with it.
  bool may_stand(const std::vector<OutputError>& measured) const {
    if (!is_late_ || !options_.known->are_borrowed()) return true;
    const Opened& reference = opened();
    if (!reference.place || !are_alike(outputs_, common_outputs())) return false;
    const Values known = options_.known->find(*reference.place, measured_);
    if (!known || is_finite(*known) != is_finite(reference.outputs)) return false;
    for (size_t i = 0; i < outputs_.size(); ++i) {
      if (!is_measured(outputs_[i])) continue;
      OutputError rounding;
      measure_output(outputs_[i].name, reference.outputs, *known, rounding);
      if (!is_far_below(rounding, measured[i])) return false;
    }
    return true;
  }

  /// From now on the reference runs on all samples.
  void forget_known() {
    options_.known->clear();
    set_outputs(common_outputs());
  }

 private:
  using Values = KnownOutputs::Values;

  /// The reference, and what it gives on the first sample that was known before it was open.
  struct Opened {
    Session session;
    std::optional<uint64_t> place = {};
    NamedTensors outputs = {};
  };

  /// Opened on this thread if it is needed at once or may take no core of its own.
  std::launch launch_of_reference() const {
    const bool is_needed = options_.when_done || (is_late_ && options_.known->are_borrowed());
    const bool is_beside = is_late_ && is_needed && engine::worker_limit(options_.run.jobs) > 1;
    return is_beside ? std::launch::async : std::launch::deferred;
  }

  std::shared_ptr<Opened> open_reference() const {
    auto opened = std::make_shared<Opened>(Opened{Session(reference_)});
    if (is_late_) run_first(*opened);
    return opened;
  }

  /// So that it is as warm as a model that was measured, too.
  void run_first(Opened& opened) const {
    for (size_t i = 0; i < samples_.size() && !opened.place; ++i) {
      if (!options_.known->find(i)) continue;
      try {
        opened.outputs = opened.session.run(samples_.read(i), samples_.name(i));
        opened.place = i;
      } catch (const Error&) {
        if (is_cancelled()) throw;
        return;
      }
    }
  }

  Opened& opened() const {
    const auto own = opened_;  // Several threads may wait, each with a future of its own.
    return *own.get();
  }

  std::vector<OutputError> common_outputs() const {
    return outputs_of(reference_, expected(), other_, *found_);
  }

  void set_outputs(std::vector<OutputError> outputs) {
    outputs_ = std::move(outputs);
    measured_.clear();
    for (const OutputError& output : outputs_) {
      if (is_measured(output)) measured_.push_back(output.name);
    }
  }

  static bool is_measured(const OutputError& output) { return output.obstacle.empty(); }

  bool is_cancelled() const { return options_.run.cancelled && *options_.run.cancelled; }

  void check(const NamedTensors& sample, const std::string& name) const {
    try {
      options_.check(sample, name);
    } catch (const Error& error) {
      throw error.within({.file = name});
    }
  }

  void measure_output(const std::string& output, const NamedTensors& real,
                      const NamedTensors& restored, OutputError& error) const {
    measure(real.at(output), restored.at(output), error);
    const auto sections = options_.sections.find(output);
    if (sections == options_.sections.end()) return;
    measure(sections->second, real.at(output), restored.at(output), error);
  }

  Values real_values(const NamedTensors& sample, const std::string& name, uint64_t place) {
    NamedTensors values = expected().run(sample, name);
    if (options_.known) return options_.known->keep(place, std::move(values));
    return std::make_shared<const NamedTensors>(std::move(values));
  }

  ModelError run(const NamedTensors& sample, const std::string& name, uint64_t place,
                 const Values& known) {
    ModelError result{.outputs = std::vector<OutputError>(outputs_.size())};
    // ONNX Runtime runs nothing for outputs that nobody asks for.
    if (measured_.empty()) return result;
    Values real;
    NamedTensors restored;
    try {
      real = known ? known : real_values(sample, name, place);
      restored = found_->run(sample, name);
    } catch (const Error& error) {
      if (is_cancelled()) throw;
      return {.left_out = {{name, error.what()}}};
    }
    if (options_.check && !(is_finite(sample) && is_finite(*real))) check(sample, name);
    for (size_t i = 0; i < outputs_.size(); ++i) {
      if (!is_measured(outputs_[i])) continue;
      measure_output(outputs_[i].name, *real, restored, result.outputs[i]);
    }
    return result;
  }

  const ModelSource& reference_;
  const ModelSource& other_;
  const data::SampleSource& samples_;
  const ModelErrorOptions& options_;
  /// Something is known: the reference may be opened while the other model runs.
  const bool is_late_;
  // All workers share both sessions: models may be larger than all else together.
  std::future<Session> opening_;
  std::optional<Session> found_;
  std::vector<OutputError> outputs_;
  /// Those without an obstacle.
  std::vector<std::string> measured_;
  // The last one: whoever still opens the reference uses what stands above.
  std::shared_future<std::shared_ptr<Opened>> opened_;
};

std::vector<OutputError> measure_more(Pair& models, uint64_t first_place,
                                      const ModelErrorOptions& options) {
  OrderedSum sum(models.outputs());
  RunControl quiet = options.run;
  quiet.progress = {};
  engine::for_each_sample(
      options.more_samples(), engine::worker_limit(options.run.jobs), quiet, {"compare", 0},
      [&](size_t, uint64_t index, const engine::PendingSample& sample) {
        sum.add(index, models.measure_sample(sample, first_place + index, true));
      });
  return sum.take().outputs;
}

ModelError measure_all(Pair& models, const data::SampleSource& samples,
                       const ModelErrorOptions& options) {
  OrderedSum sum(models.outputs());
  engine::for_each_sample(
      engine::feed_from(samples), engine::worker_count(options.run.jobs, samples.size()),
      options.run, {"compare", samples.size()},
      [&](size_t, uint64_t index, const engine::PendingSample& sample) {
        sum.add(index, models.measure_sample(sample, index, options.leave_out_bad_samples));
      });
  ModelError found = sum.take();
  if (options.more_samples) found.more_outputs = measure_more(models, samples.size(), options);
  return found;
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
  Pair models(reference, other, samples, options);
  ModelError found = measure_all(models, samples, options);
  if (!models.may_stand(found.outputs)) {
    models.forget_known();
    found = measure_all(models, samples, options);
  }
  if (options.known) options.known->set_borrowed(false);
  if (options.when_done) options.when_done(models.expected(), models.found());
  return found;
}

}  // namespace rangefinder::analysis
