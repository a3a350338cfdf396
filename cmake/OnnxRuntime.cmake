# ONNX Runtime: an installed CMake package first, else what scripts/fetch_onnxruntime.sh unpacked.
# Either way the target is onnxruntime::onnxruntime.

find_package(onnxruntime QUIET)
if(NOT TARGET onnxruntime::onnxruntime)
  set(ONNXRUNTIME_ROOT "${CMAKE_SOURCE_DIR}/.deps/onnxruntime" CACHE PATH
      "Folder with include/ and lib/ of ONNX Runtime")
  find_path(ONNXRUNTIME_INCLUDE onnxruntime_cxx_api.h
            HINTS "${ONNXRUNTIME_ROOT}/include" PATH_SUFFIXES onnxruntime)
  find_library(ONNXRUNTIME_LIBRARY onnxruntime HINTS "${ONNXRUNTIME_ROOT}/lib")
  if(NOT ONNXRUNTIME_INCLUDE OR NOT ONNXRUNTIME_LIBRARY)
    message(FATAL_ERROR "ONNX Runtime was not found. Run scripts/fetch_onnxruntime.sh, or give "
                        "-DONNXRUNTIME_ROOT=<folder with include/ and lib/>.")
  endif()
  add_library(onnxruntime::onnxruntime SHARED IMPORTED)
  set_target_properties(onnxruntime::onnxruntime PROPERTIES
                        IMPORTED_LOCATION "${ONNXRUNTIME_LIBRARY}"
                        INTERFACE_INCLUDE_DIRECTORIES "${ONNXRUNTIME_INCLUDE}")
endif()
