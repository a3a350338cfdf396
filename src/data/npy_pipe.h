#pragma once

#include <filesystem>
#include <vector>

#include "data/sample_stream.h"

namespace rangefinder::data {

/// The arrays that come out of a pipe, .npy after .npy, each one sample or batch of a model with
/// one input. Nothing is read before the first is asked for. Reading throws Error naming the pipe
/// and the array's number (0 first): damaged, cut short, refused by the stream's check; cancelled.
/// Throws Error: other paths beside the pipe; as PipeStream does.
SampleStream open_pipe(const std::vector<std::filesystem::path>& paths);

}  // namespace rangefinder::data
