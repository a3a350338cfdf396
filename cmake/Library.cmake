# The shared library librangefinder: all layers up to api in one file. It shows what
# include/rangefinder/ declares and hides the rest, ours and that of others.

set(objects "")
foreach(layer ${RANGEFINDER_LIBRARY})
  list(APPEND objects "$<TARGET_OBJECTS:rangefinder_${layer}>")
endforeach()

set(version_script "${PROJECT_SOURCE_DIR}/packaging/librangefinder.map")
add_library(librangefinder SHARED ${objects})
add_library(rangefinder::rangefinder ALIAS librangefinder)
target_link_libraries(librangefinder PRIVATE rangefinder_api)
target_include_directories(librangefinder INTERFACE
                           "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>")
target_compile_features(librangefinder INTERFACE cxx_std_20)
target_link_options(librangefinder PRIVATE "LINKER:--version-script=${version_script}")
set_target_properties(librangefinder PROPERTIES
                      OUTPUT_NAME rangefinder PREFIX lib EXPORT_NAME rangefinder
                      LINKER_LANGUAGE CXX LINK_DEPENDS "${version_script}"
                      VERSION ${PROJECT_VERSION} SOVERSION 0)
