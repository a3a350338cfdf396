#pragma once

#include <string>
#include <unordered_set>
#include <vector>

#include "engine/model_source.h"
#include "passes/atoms.h"
#include "tensor/tensor.h"
#include "workflow/plan.h"

namespace rangefinder::workflow {

/// What a choice by time leaves float: atoms, by number, and single movers of codes.
struct TimeChoice {
  std::vector<bool> atoms = {};
  std::unordered_set<std::string> movers = {};

  bool operator==(const TimeChoice&) const = default;
};

/// Choices of float nodes that are likely to be quicker than `quantized`, the model of the plan,
/// on this machine, for samples like this one: each the cheapest for what kernels take here, for
/// one of several costs of a border between codes and floats. `must_be_float` atoms are in all of
/// them; such that are like `must_be_float` alone are left out. Whether they are quicker is for the
/// caller to measure. Cost: some 25 runs of a sample. Throws Error as engine::profile_kernels().
std::vector<TimeChoice> choices_by_time(const Plan& plan, const engine::ModelSource& quantized,
                                        const std::vector<passes::Atom>& atoms,
                                        const std::vector<bool>& must_be_float,
                                        const tensor::NamedTensors& sample,
                                        const std::string& sample_name);

/// The file as it was given, ready to be written.
engine::ModelSource original_float(const Plan& plan, const std::string& output);

}  // namespace rangefinder::workflow
