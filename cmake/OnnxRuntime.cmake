# ONNX Runtime's headers, as the target onnxruntime_headers. Its library is opened at run time
# (src/engine/runtime_library.h) and linked by nobody: that would tie us to one exact release.

set(ONNXRUNTIME_ROOT "${PROJECT_SOURCE_DIR}/.deps/onnxruntime" CACHE PATH
    "Folder with include/ of ONNX Runtime 1.24 or later; a library in its lib/ is what programs that are not installed use")
find_path(ONNXRUNTIME_INCLUDE onnxruntime_cxx_api.h
          HINTS "${ONNXRUNTIME_ROOT}/include" PATH_SUFFIXES onnxruntime)
if(NOT ONNXRUNTIME_INCLUDE)
  message(FATAL_ERROR "The headers of ONNX Runtime were not found. Run "
                      "${PROJECT_SOURCE_DIR}/scripts/fetch_onnxruntime.sh, or give "
                      "-DONNXRUNTIME_ROOT=<folder with include/>.")
endif()
file(STRINGS "${ONNXRUNTIME_INCLUDE}/onnxruntime_c_api.h" onnxruntime_api
     REGEX "^#define ORT_API_VERSION [0-9]+$")
string(REGEX REPLACE "[^0-9]" "" onnxruntime_api "${onnxruntime_api}")
if(onnxruntime_api LESS 25)
  message(FATAL_ERROR "The headers in ${ONNXRUNTIME_INCLUDE} are of ONNX Runtime 1.${onnxruntime_api}; "
                      "those of 1.25 or later are needed.")
endif()

add_library(onnxruntime_headers INTERFACE)
target_include_directories(onnxruntime_headers SYSTEM INTERFACE "${ONNXRUNTIME_INCLUDE}")
# The library's functions become known when it is opened, not before main().
target_compile_definitions(onnxruntime_headers INTERFACE ORT_API_MANUAL_INIT)

# Programs in the build tree find the library that was fetched, as if it were the system's; those
# that are installed do not know of it.
list(APPEND CMAKE_BUILD_RPATH "${ONNXRUNTIME_ROOT}/lib")
