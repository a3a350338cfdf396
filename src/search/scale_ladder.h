#pragma once

#include <functional>
#include <vector>

namespace rangefinder::search {

/// How a scale is searched: losses have many small minima, so a geometric ladder of candidates
/// goes down from the largest scale, and around its best few rungs finer ladders follow.
///
/// Data that crowd in a few places, narrower than a step, have a minimum wherever a place meets a
/// level: one each time that largest / scale grows by one. Where the loss around the best rung
/// shows that, a second ladder follows, linear in largest / scale.
struct LadderOptions {
  /// Rungs per octave of the first ladder.
  int rungs_per_octave = 16;
  /// Between these scales, both excluded, two rungs an octave do.
  double sparse_below = 0;
  double sparse_above = 0;
  /// Rungs of the second ladder while largest / scale grows by one, and how many in all.
  int rungs_per_period = 4;
  int most_rungs = 4096;
  /// The loss must vary by this factor within a period for the second ladder to be worth its time.
  double period_variation = 1.1;
  /// How many of a ladder's local minima are looked at more closely.
  int kept_minima = 3;
  /// Each refinement divides the spacing by 4.
  int refinements = 3;
};

/// A scale and its loss.
struct Candidate {
  double scale;
  double loss;
};

/// The smallest loss found; of equal ones the first. `loss` is called with positive scales, not
/// rounded; `bound(scale)` is a lower bound of the loss at this and all smaller scales and ends the
/// descent. `largest` is the largest magnitude and the largest scale; `first` holds scales to try
/// in any case.
Candidate search_scale(double largest, double smallest, const std::vector<double>& first,
                       const std::function<double(double)>& loss,
                       const std::function<double(double)>& bound,
                       const LadderOptions& options = {});

}  // namespace rangefinder::search
