#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace rangefinder::refine {

/// By judged quantity: the power of the noise over that of the signal.
using NoiseShares = std::vector<double>;

/// In which order atoms are to be left float, so that few of them bring every quantity to
/// `allowed`.
///
/// `alone` is what each atom does alone, `together` what all of them do in one model. Noise is
/// taken to add up, in the proportions of `alone`: to `together` where that is more, or good
/// enough. Next is always the atom that takes most off what the quantities have too much, in dB,
/// all added up: an atom that disturbs three quantities that miss the aim comes before one that
/// does as much to one of them, and what disturbs a quantity that is good enough comes late. When
/// all are, the order goes on for an aim that is 1 dB higher. Of one quantity it is the order of
/// `alone`; of equal atoms the first is the first.
std::vector<size_t> float_order(std::span<const NoiseShares> alone, const NoiseShares& together,
                                double allowed);

/// How many leading atoms of `order` must be float until every quantity is at `allowed`, if noise
/// adds up as float_order() takes it to.
size_t expected_float_count(std::span<const NoiseShares> alone, const NoiseShares& together,
                            double allowed, std::span<const size_t> order);

}  // namespace rangefinder::refine
