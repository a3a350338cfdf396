#include "workflow/rank_atoms.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "engine/sample_pass.h"

namespace rangefinder::workflow {
namespace {

using analysis::SamplePower;
using tensor::NamedTensors;

/// Runs that are spent on an order, and samples that it takes.
constexpr size_t kRuns = 400;
constexpr size_t kLeastSamples = 4;
constexpr size_t kMostSamples = 8;
/// What is so many times as harmful by few samples is so by more of them, too.
constexpr double kSure = 4;

refine::NoiseShares shares_of(const std::vector<SamplePower>& powers) {
  refine::NoiseShares shares;
  for (const SamplePower& power : powers) {
    shares.push_back(power.signal > 0 ? power.noise / power.signal : 0);
  }
  return shares;
}

}  // namespace

size_t ranking_sample_count(size_t atom_count) {
  return std::clamp(kRuns / std::max<size_t>(1, atom_count), kLeastSamples, kMostSamples);
}

CountedFeed spread_samples(Samples& samples, size_t most) {
  if (!samples.can_repeat() || samples.calibration_count() == 0) {
    const auto held_out = samples.held_out();
    const size_t count = std::min(most, held_out->size());
    return {[held_out, feed = engine::feed_from(*held_out, most)] { return feed(); }, count};
  }
  const size_t count = std::min(most, samples.calibration_count());
  return {spread(samples.calibration(), count, samples.calibration_count()), count};
}

AtomNoise::AtomNoise(const Plan& plan, const SolvedPlan& solution,
                     const std::vector<passes::Atom>& atoms, const JudgedQuantities& judged,
                     const RunControl& run)
    : runs_(plan, solution, atoms, judged.tensors()),
      judged_(judged),
      run_(run),
      has_more_(atoms.size(), false),
      first_(nothing()),
      total_(nothing()) {}

AtomNoise::Powers AtomNoise::nothing() const {
  return Powers(has_more_.size(), std::vector<SamplePower>(judged_.count()));
}

void AtomNoise::measure(const CountedFeed& samples) {
  add(samples, {});
  first_ = total_;
}

void AtomNoise::measure_more(const CountedFeed& samples, const std::vector<bool>& is_wanted) {
  if (samples.count == 0 || std::ranges::count(is_wanted, true) == 0) return;
  add(samples, is_wanted);
  has_more_ = is_wanted;
}

void AtomNoise::add(const CountedFeed& samples, const std::vector<bool>& is_wanted) {
  std::vector<Powers> found(samples.count, nothing());
  const auto measure = [&](size_t, uint64_t index, const engine::PendingSample& sample) {
    Powers& powers = found.at(index);
    const auto visit = [&](size_t atom, const NamedTensors& real, const NamedTensors& restored) {
      const auto measured = judged_.compare(real, restored);
      for (size_t i = 0; i < measured.size(); ++i) {
        if (measured[i]) powers[atom][i] = *measured[i];
      }
    };
    runs_.run(sample, visit, is_wanted);
  };
  engine::for_each_sample(samples.feed, engine::worker_count(run_.jobs, samples.count), run_,
                          {"rank", samples.count}, measure);
  for (const Powers& powers : found) {
    for (size_t atom = 0; atom < total_.size(); ++atom) {
      for (size_t i = 0; i < total_[atom].size(); ++i) {
        total_[atom][i].signal += powers[atom][i].signal;
        total_[atom][i].noise += powers[atom][i].noise;
      }
    }
  }
}

std::vector<refine::NoiseShares> AtomNoise::shares() const {
  std::vector<refine::NoiseShares> shares;
  refine::NoiseShares by_first(judged_.count(), 0);
  refine::NoiseShares by_all(judged_.count(), 0);
  for (size_t atom = 0; atom < total_.size(); ++atom) {
    shares.push_back(shares_of(total_[atom]));
    if (!has_more_[atom]) continue;
    const auto first = shares_of(first_[atom]);
    for (size_t i = 0; i < first.size(); ++i) {
      by_first[i] += first[i];
      by_all[i] += shares.back()[i];
    }
  }
  for (size_t atom = 0; atom < total_.size(); ++atom) {
    for (size_t i = 0; !has_more_[atom] && i < by_first.size(); ++i) {
      const double ratio = by_all[i] / by_first[i];
      if (by_first[i] > 0 && std::isfinite(ratio)) shares[atom][i] *= ratio;
    }
  }
  return shares;
}

std::vector<bool> near_the_bar(std::span<const size_t> order, size_t float_count,
                               std::span<const double> noise) {
  std::vector<bool> is_near(order.size(), false);
  const bool has_both = float_count > 0 && float_count < order.size();
  if (!has_both) return is_near;
  const double last_float = noise[order[float_count - 1]];
  const double first_integer = noise[order[float_count]];
  const size_t end = std::min(order.size(), float_count + float_count / 2 + 2);
  for (size_t i = float_count / 2; i < end; ++i) {
    const double own = noise[order[i]];
    is_near[order[i]] = i < float_count ? own < kSure * first_integer : own * kSure > last_float;
  }
  return is_near;
}

std::vector<refine::NoiseShares> noise_of_atoms(const Plan& plan, const SolvedPlan& solution,
                                                const std::vector<passes::Atom>& atoms,
                                                const JudgedQuantities& judged,
                                                const CountedFeed& samples, const RunControl& run) {
  AtomNoise noise(plan, solution, atoms, judged, run);
  noise.measure(samples);
  return noise.shares();
}

std::vector<double> worst_shares(std::span<const refine::NoiseShares> noise) {
  std::vector<double> worst;
  for (const auto& shares : noise) {
    worst.push_back(shares.empty() ? 0 : *std::ranges::max_element(shares));
  }
  return worst;
}

std::vector<size_t> most_harmful_first(std::span<const double> noise) {
  std::vector<size_t> order(noise.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return noise[a] > noise[b]; });
  return order;
}

}  // namespace rangefinder::workflow
