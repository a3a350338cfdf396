#include "cuda/kernel_image.h"

#ifdef RANGEFINDER_KERNEL_IMAGE
// The file that CMake had made, between two symbols that nobody else sees.
asm(".section .rodata\n"
    ".balign 64\n"
    ".local rangefinder_kernel_image\n"
    "rangefinder_kernel_image:\n"
    ".incbin \"" RANGEFINDER_KERNEL_IMAGE
    "\"\n"
    ".local rangefinder_kernel_image_end\n"
    "rangefinder_kernel_image_end:\n"
    ".byte 0\n"
    ".previous\n");

extern "C" const std::byte rangefinder_kernel_image[];
extern "C" const std::byte rangefinder_kernel_image_end[];
#endif

namespace rangefinder::cuda {

std::span<const std::byte> kernel_image() {
#ifdef RANGEFINDER_KERNEL_IMAGE
  return {rangefinder_kernel_image, rangefinder_kernel_image_end};
#else
  return {};
#endif
}

}  // namespace rangefinder::cuda
