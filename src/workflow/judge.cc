#include "workflow/judge.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <functional>
#include <limits>
#include <mutex>
#include <numeric>
#include <unordered_set>
#include <utility>

#include "analysis/judged.h"
#include "analysis/reveal.h"
#include "base/error.h"
#include "engine/sample_pass.h"
#include "quantization/error_metrics.h"

namespace rangefinder::workflow {
namespace {

using analysis::SamplePower;
using tensor::NamedTensors;
using Powers = std::vector<std::optional<SamplePower>>;

SamplePower power_of(const tensor::Tensor& real, const tensor::Tensor& restored) {
  quantization::ErrorMetrics metrics;
  metrics.add(real.to_float32().floats(), restored.to_float32().floats());
  return {metrics.real_power(), metrics.error_power()};
}

/// How much noise is left until a model is known to miss its aim.
class Allowance {
 public:
  Allowance(const std::vector<double>& signal, std::optional<double> aim_db) {
    if (!aim_db) return;
    for (const double power : signal) left_.push_back(power * std::pow(10, -*aim_db / 10));
  }

  void spend(const Powers& powers) {
    const std::lock_guard lock(mutex_);
    for (size_t i = 0; i < left_.size(); ++i) {
      if (left_[i] <= 0 || !powers[i]) continue;  // without a signal it does not count
      left_[i] -= powers[i]->noise;
      if (left_[i] < 0) is_over_ = true;
    }
  }

  bool is_spent() const { return is_over_; }

 private:
  std::mutex mutex_;
  std::vector<double> left_;
  std::atomic<bool> is_over_ = false;
};

double signal_of(const std::vector<SamplePower>& powers) {
  double signal = 0;
  for (const SamplePower& power : powers) signal += power.signal;
  return signal;
}

/// Two feeds, one behind the other.
engine::SampleFeed joined(engine::SampleFeed first, engine::SampleFeed second) {
  return [first = std::move(first), second = std::move(second),
          is_over = false]() mutable -> std::optional<engine::PendingSample> {
    if (!is_over) {
      if (auto sample = first()) return sample;
      is_over = true;
    }
    return second();
  };
}

}  // namespace

JudgedQuantities::JudgedQuantities(const Plan& plan) {
  const auto judged = analysis::judged_outputs(plan.prepared);
  std::unordered_set<std::string> seen;
  for (const auto& output : judged) {
    for (const std::string& name : output.tensors) {
      if (passes::is_float(plan.prepared.infos, name) && seen.insert(name).second) {
        tensors_.push_back(name);
      }
    }
  }
  inner_ = analysis::inner_tensors(judged);
  sections_ = analysis::sections_of(plan.prepared, tensors_);
  for (const std::string& name : tensors_) count_ += quantities_in(name);
}

size_t JudgedQuantities::quantities_in(const std::string& tensor) const {
  const auto found = sections_.find(tensor);
  return found == sections_.end() ? 1 : found->second.sections.size();
}

std::vector<std::optional<SamplePower>> JudgedQuantities::compare(
    const NamedTensors& real, const NamedTensors& restored) const {
  Powers powers;
  for (const std::string& name : tensors_) {
    const auto& expected = real.at(name);
    const auto& found = restored.at(name);
    const auto sections = sections_.find(name);
    if (sections != sections_.end()) {
      const auto parts = analysis::section_powers(sections->second, expected, found);
      powers.insert(powers.end(), parts.begin(), parts.end());
      if (parts.empty()) powers.resize(powers.size() + quantities_in(name));
    } else if (expected.shape() == found.shape()) {
      powers.push_back(power_of(expected, found));
    } else {
      powers.emplace_back();
    }
  }
  return powers;
}

double worst_sqnr_db(const JudgedPowers& powers) {
  double worst = std::numeric_limits<double>::infinity();
  for (const auto& samples : powers) {
    if (!(signal_of(samples) > 0)) continue;
    const auto bound = analysis::sqnr_bound_db(samples);
    worst = std::min(worst, bound ? *bound : analysis::sqnr_db(samples).value());
  }
  return worst;
}

std::vector<double> noise_by_quantity(const JudgedPowers& powers) {
  std::vector<double> shares;
  for (const auto& samples : powers) {
    const double signal = signal_of(samples);
    double noise = 0;
    for (const SamplePower& power : samples) noise += power.noise;
    shares.push_back(signal > 0 ? analysis::noise_bound(samples).value_or(noise) / signal : 0);
  }
  return shares;
}

Judge::Judge(const Plan& plan, Samples& samples, const RunControl& run,
             analysis::KnownOutputs* known)
    : quantities_(plan),
      samples_(samples),
      run_(run),
      optimization_(plan.target->runs_here ? engine::OptimizationLevel::kAll
                                           : engine::OptimizationLevel::kNone),
      held_out_(samples.held_out()),
      real_model_(analysis::revealing(plan.prepared_source(), quantities_.inner())),
      known_(known != nullptr ? *known : own_) {
  if (known_.are_borrowed()) known_.clear();
  const size_t held_out = std::min(held_out_->size(), kMeasuredCount);
  if (samples.can_repeat()) {
    from_calibration_ = std::min(samples.calibration_count(), kMeasuredCount - held_out);
  }
  sample_count_ = held_out + from_calibration_;
}

engine::SampleFeed Judge::feed() const {
  auto held_out = engine::feed_from(*held_out_, kMeasuredCount);
  if (from_calibration_ == 0) return held_out;
  return joined(std::move(held_out),
                spread(samples_.calibration(), from_calibration_, samples_.calibration_count()));
}

analysis::KnownOutputs::Values Judge::known_values(uint64_t index) const {
  return known_.find(index, quantities_.tensors());
}

/// All outputs are kept, for whoever compares more of them.
analysis::KnownOutputs::Values Judge::real_values(uint64_t index, const NamedTensors& sample,
                                                  const std::string& name) {
  if (auto values = known_values(index)) return values;
  return known_.keep(index, real_->run(sample, name));
}

void Judge::open_real() {
  for (size_t i = 0; i < sample_count_ && !real_; ++i) {
    if (!known_values(i)) real_.emplace(real_model_);
  }
  // What the prepared model gives may stand for the user's own where that is seen to be the same.
  if (real_ && quantities_.inner().empty()) known_.set_borrowed(true);
}

CountedFeed Judge::noisiest(size_t most, size_t known) const {
  if (noise_shares_.empty()) return {};
  const size_t held_out = sample_count_ - from_calibration_;
  std::vector<size_t> order(noise_shares_.size());
  std::iota(order.begin(), order.end(), size_t{0});
  if (from_calibration_ >= most) order.erase(order.begin(), order.begin() + held_out);
  std::ranges::stable_sort(order, std::ranges::greater{},
                           [&](size_t index) { return noise_shares_[index]; });
  order.resize(std::min(order.size(), most));
  order.erase(order.begin(), order.begin() + static_cast<ptrdiff_t>(std::min(order.size(), known)));
  std::vector<bool> is_taken(noise_shares_.size(), false);
  for (const size_t index : order) is_taken[index] = true;
  return {[feed = feed(), is_taken = std::move(is_taken), index = size_t{0}]() mutable {
            auto sample = feed();
            while (sample && !is_taken.at(index++)) sample = feed();
            return sample;
          },
          order.size()};
}

std::vector<double> Judge::noise_shares(const std::vector<Powers>& samples) const {
  std::vector<double> shares;
  for (const Powers& powers : samples) {
    double share = 0;
    for (size_t i = 0; i < powers.size(); ++i) {
      if (powers[i] && signal_[i] > 0) share = std::max(share, powers[i]->noise / signal_[i]);
    }
    shares.push_back(share);
  }
  return shares;
}

JudgedPowers Judge::measure(const engine::ModelSource& quantized, std::optional<double> aim_db) {
  JudgedPowers total(quantities_.count());
  if (total.empty()) return total;
  open_real();
  engine::Session restored(analysis::revealing(quantized, quantities_.inner()),
                           {.optimization = optimization_, .fetch = quantities_.tensors()});
  std::vector<Powers> found(sample_count_);
  Allowance allowance(signal_, aim_db);
  engine::for_each_sample(
      feed(), engine::worker_count(run_.jobs, sample_count_), run_, {"judge", sample_count_},
      [&](size_t, uint64_t index, const engine::PendingSample& pending) {
        if (allowance.is_spent()) return;
        try {
          const NamedTensors sample =
              pending.read(engine::header_check(restored.inputs(), pending.name));
          const auto real = real_values(index, sample, pending.name);
          Powers powers = quantities_.compare(*real, restored.run(sample, pending.name));
          allowance.spend(powers);
          found.at(index) = std::move(powers);
        } catch (const Error&) {
          if (run_.cancelled && *run_.cancelled) throw;
        }
      });
  for (const Powers& powers : found) {
    for (size_t i = 0; i < powers.size(); ++i) {
      if (powers[i]) total[i].push_back(*powers[i]);
    }
  }
  if (signal_.empty()) {
    for (const auto& samples : total) signal_.push_back(signal_of(samples));
    noise_shares_ = noise_shares(found);
  }
  return total;
}

}  // namespace rangefinder::workflow
