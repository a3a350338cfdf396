#pragma once

#include <memory>
#include <vector>

#include "data/sample_files.h"
#include "data/sample_source.h"

namespace rangefinder::data {

/// The samples of tar archives, archive by archive (tar_members.h). Opening reads headers alone; a
/// packed archive is unpacked for that once. A sample's bytes are read when it is asked for: an
/// .npy alone is read where it goes, otherwise its parts stand in memory while they are decoded, at
/// most 2 GiB.
/// Throws Error as tar_samples() does; pictures in a program that was built without them.
std::shared_ptr<const SampleSource> open_tar(const std::vector<SampleFile>& files,
                                             const PictureOptions& picture);

}  // namespace rangefinder::data
