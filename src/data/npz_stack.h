#pragma once

#include <memory>
#include <vector>

#include "data/sample_files.h"
#include "data/sample_source.h"

namespace rangefinder::data {

/// The samples of .npz files that hold many each, for a model with these inputs; null where they
/// hold one each. The first file tells, by the headers of its arrays:
/// - Named as inputs: stacks of as many samples each (stacked.h), all of them or none.
/// - arr_0, arr_1, ..., as numpy.savez() calls arrays without names, for a model with one input of
///   another name: a sample each; arr_0 alone may be a stack.
/// Throws Error: stacks of different lengths, or beside arrays that are none; a file that is not
/// as the first one; damaged.
std::shared_ptr<const SampleSource> open_npz_stack(const std::vector<SampleFile>& files,
                                                   const std::vector<TensorInfo>& inputs);

}  // namespace rangefinder::data
