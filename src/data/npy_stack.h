#pragma once

#include <memory>
#include <vector>

#include "data/sample_files.h"
#include "data/sample_source.h"

namespace rangefinder::data {

/// The samples of .npy files that hold many each, for a model with these inputs; null where they
/// hold one each, and for a model with several inputs. The first file tells, by its header: an
/// array that the input takes as it is, is one sample or batch; one that holds many is cut
/// (stacked.h), as in an .npz (npz_stack.h). The others may hold another number, or one. Samples
/// are read where they stand. Of a first file that cannot be read, whoever reads it will tell.
/// Throws Error: another file that is damaged; no samples.
std::shared_ptr<const SampleSource> open_npy_stack(const std::vector<SampleFile>& files,
                                                   const std::vector<TensorInfo>& inputs);

}  // namespace rangefinder::data
