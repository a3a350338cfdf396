# The kernels of src/cuda/kernels.cu as one image for all devices ("fatbin"), embedded in the library
# as bytes: machine code for each architecture, and PTX that drivers translate for later ones. The
# driver is opened at run time (src/cuda/driver.h), and nothing of CUDA is linked.

set(RANGEFINDER_CUDA_ARCHITECTURES 75 80 86 89 90 100 120)

find_program(RANGEFINDER_NVCC nvcc HINTS "${PROJECT_SOURCE_DIR}/.deps/nvcc/cuda/bin")
if(NOT RANGEFINDER_NVCC)
  message(FATAL_ERROR "RANGEFINDER_CUDA needs nvcc. Run ${PROJECT_SOURCE_DIR}/scripts/fetch_nvcc.sh, or give "
                      "-DRANGEFINDER_NVCC=<file>.")
endif()

# rangefinder_kernel_image(<source>): compiles the kernels and tells the source where they are.
function(rangefinder_kernel_image source)
  set(image "${CMAKE_CURRENT_BINARY_DIR}/kernels.fatbin")
  set(kernels "${CMAKE_CURRENT_SOURCE_DIR}/kernels.cu")
  set(codes "")
  foreach(architecture ${RANGEFINDER_CUDA_ARCHITECTURES})
    list(APPEND codes -gencode arch=compute_${architecture},code=sm_${architecture})
  endforeach()
  list(GET RANGEFINDER_CUDA_ARCHITECTURES -1 last)
  list(APPEND codes -gencode arch=compute_${last},code=compute_${last})
  # No contraction, as everywhere. A kernel whose registers do not suffice fails the build.
  add_custom_command(OUTPUT "${image}"
                     COMMAND "${RANGEFINDER_NVCC}" -O3 -std=c++17 --fmad=false --compress-mode=size ${codes}
                             -Xptxas --warn-on-spills,-Werror -I "${PROJECT_SOURCE_DIR}/src" -ccbin "${CMAKE_CXX_COMPILER}"
                             -fatbin "${kernels}" -o "${image}" -MD -MF "${image}.d"
                     DEPENDS "${kernels}" DEPFILE "${image}.d"
                     COMMENT "Compiling the CUDA kernels" VERBATIM)
  set_source_files_properties("${source}" PROPERTIES OBJECT_DEPENDS "${image}"
                              COMPILE_DEFINITIONS "RANGEFINDER_KERNEL_IMAGE=\"${image}\"")
endfunction()
