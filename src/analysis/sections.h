#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "analysis/noise_bound.h"
#include "passes/prepare.h"
#include "tensor/tensor.h"

namespace rangefinder::analysis {

/// A quantity of its own within a tensor: corners of boxes, or scores, in the output of a detector.
struct Section {
  /// The first of the tensors that it was joined from.
  std::string name = {};
  /// Places along the axis, [begin, end).
  std::vector<std::pair<int64_t, int64_t>> ranges = {};

  bool operator==(const Section&) const = default;
};

/// All sections of a tensor, which together are the whole of it.
struct Sections {
  size_t axis = 0;
  /// The tensor's size along the axis.
  int64_t size = 0;
  std::vector<Section> sections = {};

  bool operator==(const Sections&) const = default;
};

/// The sections of those of the tensors that a Concat made of different quantities: what different
/// operators make, movers aside (boxes by a Mul, scores by a Sigmoid). What one operator makes is
/// one quantity, though in several places: the levels of a pyramid are no sections.
///
/// Boxes are counted in pixels, scores from 0 to 1: in a ratio of signal to noise over both, an
/// error that ruins the scores is nothing. Each section is to be judged by itself.
std::map<std::string, Sections> sections_of(const passes::PreparedModel& prepared,
                                            std::span<const std::string> tensors);

/// Of each section; empty unless both tensors have one shape, which is as it was expected. Pairs of
/// values that are not finite are left out.
std::vector<SamplePower> section_powers(const Sections& sections, const tensor::Tensor& real,
                                        const tensor::Tensor& restored);

}  // namespace rangefinder::analysis
