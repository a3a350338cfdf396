#pragma once

#include <cstddef>
#include <span>

namespace rangefinder::cuda {

/// The kernels (kernels.cu) for all devices that we know, as the driver loads them: the "fatbin"
/// that nvcc makes. Empty in a build without them (CMake option RANGEFINDER_CUDA).
std::span<const std::byte> kernel_image();

}  // namespace rangefinder::cuda
