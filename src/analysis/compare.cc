#include "analysis/compare.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <future>
#include <map>
#include <mutex>
#include <utility>

#include "base/error.h"
#include "engine/session.h"

namespace rangefinder::analysis {

using engine::ModelSource;
using engine::Session;

namespace {

using Metrics = std::vector<quantization::ErrorMetrics>;

std::vector<std::string> compared_outputs(const ModelSource& reference, const Session& expected,
                                          const ModelSource& other, const Session& found) {
  std::vector<std::string> names;
  for (const engine::TensorInfo& output : expected.outputs()) {
    if (tensor::element_size(output.type) == 0) continue;
    bool shared = false;
    for (const engine::TensorInfo& candidate : found.outputs()) {
      shared = shared || candidate.name == output.name;
    }
    if (!shared) {
      throw Error(fmt::format("has no such output; {} does", reference.name()),
                  {.file = other.name(), .tensor = output.name});
    }
    names.push_back(output.name);
  }
  return names;
}

/// Adds samples up in their order, whoever finishes first.
class OrderedSum {
 public:
  explicit OrderedSum(size_t outputs) : total_(outputs) {}

  void add(size_t sample, Metrics metrics) {
    const std::lock_guard lock(mutex_);
    waiting_.emplace(sample, std::move(metrics));
    while (!waiting_.empty() && waiting_.begin()->first == next_) {
      const Metrics& ready = waiting_.begin()->second;
      for (size_t i = 0; i < total_.size(); ++i) total_[i].merge(ready[i]);
      waiting_.erase(waiting_.begin());
      ++next_;
    }
  }

  const Metrics& total() const { return total_; }

 private:
  std::mutex mutex_;
  /// Samples that are done before their turn: not many, they are handed out in order.
  std::map<size_t, Metrics> waiting_;
  size_t next_ = 0;
  Metrics total_;
};

void require_finite(const tensor::NamedTensors& sample, const std::string& name) {
  for (const auto& [input, value] : sample) {
    if (!tensor::is_floating(value.type())) continue;
    const tensor::Tensor floats = value.to_float32();
    if (std::ranges::all_of(floats.floats(), [](float x) { return std::isfinite(x); })) continue;
    throw Error("holds NaN or infinity; allowed are finite values, unless they are to be ignored",
                {.file = name, .tensor = input});
  }
}

Metrics measure(const std::vector<std::string>& outputs, const tensor::NamedTensors& expected,
                const tensor::NamedTensors& found, const ModelSource& other,
                const std::string& sample) {
  Metrics metrics(outputs.size());
  for (size_t i = 0; i < outputs.size(); ++i) {
    const tensor::Tensor real = expected.at(outputs[i]).to_float32();
    const tensor::Tensor restored = found.at(outputs[i]).to_float32();
    if (real.shape() != restored.shape()) {
      throw Error(fmt::format("on {} its shape is {}, the other model's is {}", sample,
                              tensor::to_string(restored.shape()), tensor::to_string(real.shape())),
                  {.file = other.name(), .tensor = outputs[i]});
    }
    metrics[i].add(real.floats(), restored.floats());
  }
  return metrics;
}

}  // namespace

std::vector<OutputError> compare(const ModelSource& reference, const ModelSource& other,
                                 const data::SampleSource& samples,
                                 const engine::PassOptions& options, engine::Nonfinite nonfinite) {
  // All workers share both sessions: models may be larger than all else together.
  auto opening = std::async(std::launch::async, [&] { return Session(other); });
  Session expected(reference);
  Session found = opening.get();
  const std::vector<std::string> names = compared_outputs(reference, expected, other, found);

  OrderedSum sum(names.size());
  const auto add = [&](size_t, size_t index) {
    const tensor::NamedTensors sample = samples.read(index);
    const std::string name = samples.name(index);
    if (nonfinite == engine::Nonfinite::kError) require_finite(sample, name);
    sum.add(index,
            measure(names, expected.run(sample, name), found.run(sample, name), other, name));
  };
  engine::for_each_sample(samples.size(), engine::worker_count(options, samples.size()), options,
                          add);

  std::vector<OutputError> result;
  for (size_t i = 0; i < names.size(); ++i) result.push_back({names[i], sum.total()[i]});
  return result;
}

}  // namespace rangefinder::analysis
