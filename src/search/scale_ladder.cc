#include "search/scale_ladder.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace rangefinder::search {
namespace {

using Loss = std::function<double(double)>;

/// No refinement of a rung of the first ladder gains that much.
constexpr double kWorthRefining = 4;

constexpr double kInfinite = std::numeric_limits<double>::infinity();

/// One search: the functions, the options and the best candidate so far.
class Ladder {
 public:
  Ladder(double largest, double smallest, const Loss& loss, const Loss& bound,
         const LadderOptions& options)
      : largest_(largest), smallest_(smallest), loss_(loss), bound_(bound), options_(options) {}

  void consider(double scale) { evaluated(scale); }
  void descend_by_octaves();
  void descend_by_periods();
  bool varies_within_a_period();
  Candidate best() const { return best_; }

 private:
  Candidate evaluated(double scale);
  bool ended(double scale) const { return scale < smallest_ || bound_(scale) > best_.loss; }
  /// Looks closer at the best rungs; spacing(scale) is their distance in octaves.
  void refine_minima(const std::vector<Candidate>& rungs, const Loss& spacing);
  void refine(Candidate centre, double spacing);

  double largest_;
  double smallest_;
  const Loss& loss_;
  const Loss& bound_;
  const LadderOptions& options_;
  Candidate best_{0, kInfinite};
};

std::vector<Candidate> local_minima(const std::vector<Candidate>& rungs, int kept) {
  const auto loss_at = [&](size_t i) { return i < rungs.size() ? rungs[i].loss : kInfinite; };
  std::vector<Candidate> minima;
  for (size_t i = 0; i < rungs.size(); ++i) {
    const double before = i == 0 ? kInfinite : loss_at(i - 1);
    if (loss_at(i) <= before && loss_at(i) <= loss_at(i + 1)) minima.push_back(rungs[i]);
  }
  const auto kept_count = std::min(minima.size(), static_cast<size_t>(kept));
  std::ranges::partial_sort(minima, minima.begin() + static_cast<std::ptrdiff_t>(kept_count), {},
                            &Candidate::loss);
  minima.resize(kept_count);
  return minima;
}

Candidate Ladder::evaluated(double scale) {
  const Candidate result{scale, loss_(scale)};
  if (result.loss < best_.loss) best_ = result;
  return result;
}

void Ladder::descend_by_octaves() {
  std::vector<Candidate> rungs;
  const auto spacing = [&](double scale) {
    const bool sparse = options_.sparse_above < scale && scale < options_.sparse_below;
    return sparse ? 0.5 : 1.0 / options_.rungs_per_octave;
  };
  double octaves = 0;
  for (double scale = largest_; !ended(scale); scale = largest_ * std::exp2(-octaves)) {
    rungs.push_back(evaluated(scale));
    octaves += spacing(scale);
  }
  std::erase_if(rungs, [&](const Candidate& c) { return c.loss > kWorthRefining * best_.loss; });
  refine_minima(rungs, spacing);
}

void Ladder::descend_by_periods() {
  std::vector<Candidate> rungs;
  const double share = 1.0 / options_.rungs_per_period;
  double scale = largest_;
  while (!ended(scale) && rungs.size() < static_cast<size_t>(options_.most_rungs)) {
    rungs.push_back(evaluated(scale));
    scale = largest_ / (1 + share * static_cast<double>(rungs.size()));
  }
  refine_minima(rungs, [&](double s) { return std::log2(1 + share * s / largest_); });
}

/// Larger scales than the best one are looked at: there clipping does not hide the variation.
bool Ladder::varies_within_a_period() {
  const double centre = best_.scale;
  const double share = centre / largest_ / options_.rungs_per_period;
  double least = best_.loss;
  double most = best_.loss;
  for (int i = 1; i < options_.rungs_per_period; ++i) {
    const double loss = evaluated(centre / (1 - std::min(share * i, 0.9))).loss;
    least = std::min(least, loss);
    most = std::max(most, loss);
  }
  return most > options_.period_variation * least;
}

void Ladder::refine_minima(const std::vector<Candidate>& rungs, const Loss& spacing) {
  for (const Candidate& c : local_minima(rungs, options_.kept_minima)) refine(c, spacing(c.scale));
}

/// The neighbours of a minimum at a quarter of the spacing, again and again.
void Ladder::refine(Candidate best, double spacing) {
  for (int level = 0; level < options_.refinements; ++level) {
    spacing /= 4;
    const double centre = best.scale;
    for (const int i : {-3, -2, -1, 1, 2, 3}) {
      const double scale = std::max(centre * std::exp2(i * spacing), smallest_);
      const Candidate candidate = evaluated(scale);
      if (candidate.loss < best.loss) best = candidate;
    }
  }
}

}  // namespace

Candidate search_scale(double largest, double smallest, const std::vector<double>& first,
                       const Loss& loss, const Loss& bound, const LadderOptions& options) {
  Ladder ladder(largest, smallest, loss, bound, options);
  for (const double scale : first) ladder.consider(scale);
  ladder.descend_by_octaves();
  if (options.period_variation < kInfinite && ladder.varies_within_a_period()) {
    ladder.descend_by_periods();
  }
  return ladder.best();
}

}  // namespace rangefinder::search
