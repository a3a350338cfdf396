# Everything that is found outside this repository.

find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(hwy QUIET)
if(NOT TARGET hwy::hwy)
  # Debian's libhwy-dev brings pkg-config files but no CMake package.
  find_package(PkgConfig REQUIRED)
  pkg_check_modules(HWY REQUIRED IMPORTED_TARGET libhwy)
  add_library(hwy::hwy ALIAS PkgConfig::HWY)
endif()
# Ice Lake, Zen 4 and later: Highway 1.0.3 makes code for them only if asked for.
add_compile_definitions(HWY_WANT_AVX3_DL)
find_package(TBB REQUIRED)
if(RANGEFINDER_TESTS)
  find_package(GTest REQUIRED)
  include(GoogleTest)
endif()
if(RANGEFINDER_CORE_ONLY)
  return()
endif()

if(RANGEFINDER_CLI OR RANGEFINDER_BENCH OR RANGEFINDER_EXAMPLES)
  find_package(CLI11 REQUIRED)
endif()
find_package(Protobuf REQUIRED)
include(Pictures)
find_package(PkgConfig REQUIRED)
pkg_check_modules(LIBZIP REQUIRED IMPORTED_TARGET libzip)
include(OnnxRuntime)

# The ONNX messages of Debian's libonnx-dev; the two macros are how that library was built.
add_library(onnx_messages INTERFACE)
target_compile_definitions(onnx_messages INTERFACE ONNX_ML=1 ONNX_NAMESPACE=onnx)
target_link_libraries(onnx_messages INTERFACE onnx_proto protobuf::libprotobuf)
