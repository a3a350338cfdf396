# OpenCV's core, imgproc and imgcodecs as the targets opencv_core, opencv_imgproc, opencv_imgcodecs.
# OpenCV's own CMake package comes with Debian's libopencv-dev, which brings all of OpenCV; the three
# modules alone (libopencv-imgcodecs-dev) have no CMake package and are looked for by name.

find_package(OpenCV QUIET COMPONENTS core imgcodecs imgproc)
if(NOT OpenCV_FOUND)
  find_path(OPENCV_INCLUDE opencv2/imgcodecs.hpp PATH_SUFFIXES opencv4 REQUIRED)
  foreach(module core imgproc imgcodecs)
    find_library(OPENCV_${module}_LIBRARY opencv_${module} REQUIRED)
    add_library(opencv_${module} SHARED IMPORTED)
    set_target_properties(opencv_${module} PROPERTIES
                          IMPORTED_LOCATION "${OPENCV_${module}_LIBRARY}"
                          INTERFACE_INCLUDE_DIRECTORIES "${OPENCV_INCLUDE}")
  endforeach()
endif()
