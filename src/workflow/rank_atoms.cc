#include "workflow/rank_atoms.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "engine/sample_pass.h"
#include "workflow/atom_runs.h"

namespace rangefinder::workflow {
namespace {

using analysis::SamplePower;
using tensor::NamedTensors;

/// Runs that are spent on an order, and samples that it takes.
constexpr size_t kRuns = 400;
constexpr size_t kLeastSamples = 4;
constexpr size_t kMostSamples = 8;

/// For each atom and judged quantity what was measured.
using AtomErrors = std::vector<std::vector<SamplePower>>;

AtomErrors errors_of(AtomRuns& runs, size_t atom_count, const JudgedQuantities& judged,
                     const engine::PendingSample& sample) {
  AtomErrors errors(atom_count, std::vector<SamplePower>(judged.count()));
  runs.run(sample, [&](size_t atom, const NamedTensors& real, const NamedTensors& found) {
    const auto powers = judged.compare(real, found);
    for (size_t i = 0; i < powers.size(); ++i) {
      if (powers[i]) errors[atom][i] = *powers[i];
    }
  });
  return errors;
}

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

std::vector<refine::NoiseShares> noise_of_atoms(const Plan& plan, const SolvedPlan& solution,
                                                const std::vector<passes::Atom>& atoms,
                                                const JudgedQuantities& judged,
                                                const CountedFeed& samples, const RunControl& run) {
  AtomRuns runs(plan, solution, atoms, judged.tensors());
  std::vector<AtomErrors> found(samples.count);
  engine::for_each_sample(samples.feed, engine::worker_count(run.jobs, samples.count), run,
                          {"rank", samples.count},
                          [&](size_t, uint64_t index, const engine::PendingSample& sample) {
                            found.at(index) = errors_of(runs, atoms.size(), judged, sample);
                          });
  AtomErrors total(atoms.size(), std::vector<SamplePower>(judged.count()));
  for (const AtomErrors& errors : found) {
    for (size_t atom = 0; atom < errors.size(); ++atom) {
      for (size_t i = 0; i < judged.count(); ++i) {
        total[atom][i].signal += errors[atom][i].signal;
        total[atom][i].noise += errors[atom][i].noise;
      }
    }
  }
  std::vector<refine::NoiseShares> noise;
  for (const auto& powers : total) noise.push_back(shares_of(powers));
  return noise;
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
