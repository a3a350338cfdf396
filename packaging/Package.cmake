# `cpack` in the build folder makes two packages: rangefinder-<version>-linux-<machine>.tar.gz, which
# runs from any folder and brings all libraries that not every system has, and a .deb.

set(CPACK_PACKAGE_NAME rangefinder)
set(CPACK_PACKAGE_VENDOR "The Rangefinder authors")
set(CPACK_PACKAGE_CONTACT "The Rangefinder authors <authors@rangefinder.invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_RESOURCE_FILE_LICENSE "${PROJECT_SOURCE_DIR}/LICENSE")
set(CPACK_GENERATOR "TGZ;DEB")
set(CPACK_PACKAGE_FILE_NAME "rangefinder-${PROJECT_VERSION}-linux-${CMAKE_SYSTEM_PROCESSOR}")
set(CPACK_ARCHIVE_FILE_NAME "${CPACK_PACKAGE_FILE_NAME}")
set(CPACK_STRIP_FILES ON)
set(CPACK_PROJECT_CONFIG_FILE "${CMAKE_CURRENT_LIST_DIR}/cpack_project.cmake")

# One package of all components that cpack_project.cmake chooses.
set(CPACK_ARCHIVE_COMPONENT_INSTALL ON)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_GROUPING ALL_COMPONENTS_IN_ONE)
set(CPACK_COMPONENT_INCLUDE_TOPLEVEL_DIRECTORY ON)

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
    "Turns a float ONNX model and a few hundred samples into a model that computes in int8:
one pass over the samples, any calibration method from the counts, a report of how good
the result is. With the library to build on, and the ONNX Runtime that it uses.")

include(CPack)
