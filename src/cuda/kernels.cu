// The kernels as the driver finds them by name: rangefinder_<kernel>_<format> (device.cc, kKernelNames).
// Compiled by nvcc into the image that kernel_image.cc embeds.

#include "cuda/channel_kernels.h"
#include "cuda/count_kernel.h"
#include "cuda/matrix_kernels.h"
#include "cuda/native_machine.h"
#include "cuda/row_kernel.h"
#include "cuda/sum_kernel.h"

namespace cuda = rangefinder::cuda;
using Machine = cuda::NativeMachine;

#define RANGEFINDER_KERNELS(format, Format)                                                        \
  extern "C" __global__ void __launch_bounds__(512, 2)                                             \
      rangefinder_count_##format(const __grid_constant__ cuda::CountArguments arguments) {         \
    __shared__ cuda::CountShared shared;                                                           \
    cuda::CountKernel<Machine, cuda::Format>::run(arguments, shared);                              \
  }                                                                                                \
  extern "C" __global__ void __launch_bounds__(256)                                                \
      rangefinder_mark_##format(const __grid_constant__ cuda::ChannelArguments arguments) {        \
    cuda::MarkKernel<Machine, cuda::Format>::run(arguments);                                       \
  }                                                                                                \
  extern "C" __global__ void __launch_bounds__(256)                                                \
      rangefinder_page_##format(const __grid_constant__ cuda::ChannelArguments arguments) {        \
    cuda::PageKernel<Machine, cuda::Format>::run(arguments);                                       \
  }                                                                                                \
  extern "C" __global__ void __launch_bounds__(256)                                                \
      rangefinder_sum_##format(const __grid_constant__ cuda::SumArguments arguments) {             \
    __shared__ cuda::SumShared shared;                                                             \
    cuda::SumKernel<Machine, cuda::Format>::run(arguments, shared);                                \
  }                                                                                                \
  extern "C" __global__ void __launch_bounds__(256)                                                \
      rangefinder_row_##format(const __grid_constant__ cuda::RowArguments arguments) {             \
    cuda::RowKernel<Machine, cuda::Format>::run(arguments);                                        \
  }                                                                                                \
  extern "C" __global__ void __launch_bounds__(256)                                                \
      rangefinder_survey_##format(const __grid_constant__ cuda::CoverageArguments arguments) {     \
    cuda::SurveyKernel<Machine, cuda::Format>::run(arguments);                                     \
  }                                                                                                \
  extern "C" __global__ void __launch_bounds__(256)                                                \
      rangefinder_weigh_##format(const __grid_constant__ cuda::CoverageArguments arguments) {      \
    __shared__ cuda::WeighShared shared;                                                           \
    cuda::WeighKernel<Machine, cuda::Format>::run(arguments, shared);                              \
  }                                                                                                \
  extern "C" __global__ void __launch_bounds__(256)                                                \
      rangefinder_positions_##format(const __grid_constant__ cuda::WindowArguments arguments) {    \
    cuda::MarkPositionsKernel<Machine, cuda::Format>::run(arguments);                              \
  }

RANGEFINDER_KERNELS(float32, Float32)
RANGEFINDER_KERNELS(float16, Float16)
RANGEFINDER_KERNELS(bfloat16, Bfloat16)

extern "C" __global__ void __launch_bounds__(256)
    rangefinder_assign(const __grid_constant__ cuda::ChannelArguments arguments) {
  cuda::AssignKernel<Machine>::run(arguments);
}

extern "C" __global__ void __launch_bounds__(256)
    rangefinder_windows(const __grid_constant__ cuda::WindowArguments arguments) {
  cuda::ZeroWindowsKernel<Machine>::run(arguments);
}
