# How a layer, its tests and its warnings are declared, once for all folders.

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${CCACHE_PROGRAM}")
endif()

# Newer compilers than those of CI warn of more, also where nothing is wrong: that must not stop a build.
set(first_unknown_GNU 13)
set(first_unknown_Clang 15)
set(warnings_are_errors ${RANGEFINDER_WERROR})
if(NOT CMAKE_CXX_COMPILER_VERSION VERSION_LESS "${first_unknown_${CMAKE_CXX_COMPILER_ID}}")
  set(warnings_are_errors OFF)
endif()

add_library(rangefinder_options INTERFACE)
# No contraction into fused multiply-add: the same input gives the same bits on every machine.
target_compile_options(rangefinder_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow
                       -Wnon-virtual-dtor -Woverloaded-virtual -ffp-contract=off
                       $<$<BOOL:${warnings_are_errors}>:-Werror>)
target_include_directories(rangefinder_options INTERFACE "${PROJECT_SOURCE_DIR}/src"
                           "${PROJECT_SOURCE_DIR}/include")
if(RANGEFINDER_SANITIZE)
  target_compile_options(rangefinder_options INTERFACE -fsanitize=${RANGEFINDER_SANITIZE}
                         -fno-sanitize-recover=all -fno-omit-frame-pointer)
  # The old kind of run-time path: dlopen() is called by GCC's shared sanitizer library, and only that
  # kind holds for calls of others.
  target_link_options(rangefinder_options INTERFACE -fsanitize=${RANGEFINDER_SANITIZE}
                      LINKER:--disable-new-dtags)
endif()
if(RANGEFINDER_FUZZ)
  # Everything is instrumented, so that libFuzzer sees which branches an input reached.
  set(fuzz_sanitizers -fsanitize=fuzzer-no-link,address,undefined)
  target_compile_options(rangefinder_options INTERFACE ${fuzz_sanitizers}
                         -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(rangefinder_options INTERFACE ${fuzz_sanitizers})
endif()

# rangefinder_layer(<folder> SOURCES ... [LINKS ...] [PRECOMPILE ...] [COLD ...]): one static library
# per folder of src/. LINKS names the layers below it and outside libraries, PRECOMPILE outside
# headers that most of its sources include and that take longer to read than the sources, COLD those
# of the SOURCES of a layer of much work that do none of it.
function(rangefinder_layer folder)
  cmake_parse_arguments(LAYER "" "" "SOURCES;LINKS;PRECOMPILE;COLD" ${ARGN})
  add_library(rangefinder_${folder} STATIC ${LAYER_SOURCES})
  target_link_libraries(rangefinder_${folder} PUBLIC rangefinder_options ${LAYER_LINKS})
  # Part of the shared library, too, which shows only what is marked with RANGEFINDER_API.
  set_target_properties(rangefinder_${folder} PROPERTIES CXX_VISIBILITY_PRESET hidden
                        VISIBILITY_INLINES_HIDDEN ON)
  # A wheel has little room, and these layers take no time to speak of.
  if(RANGEFINDER_WHEEL_DEPS AND folder MATCHES "^(base|observers|graph|targets|cuda|passes|exporters|analysis|report|workflow|api)$")
    target_compile_options(rangefinder_${folder} PRIVATE -Os)
  elseif(RANGEFINDER_WHEEL_DEPS AND LAYER_COLD)
    set_source_files_properties(${LAYER_COLD} PROPERTIES COMPILE_OPTIONS -Os SKIP_PRECOMPILE_HEADERS ON)
  endif()
  if(LAYER_PRECOMPILE)
    target_precompile_headers(rangefinder_${folder} PRIVATE ${LAYER_PRECOMPILE})
  endif()
endfunction()

# rangefinder_tests(<folder> SOURCES ... [LINKS ...] [PRECOMPILE ...]): one test program per folder of
# tests/. GoogleTest's headers are precompiled: they take longer to read than most tests.
function(rangefinder_tests folder)
  cmake_parse_arguments(TESTS "" "" "SOURCES;LINKS;PRECOMPILE" ${ARGN})
  add_executable(${folder}_tests ${TESTS_SOURCES})
  target_link_libraries(${folder}_tests PRIVATE ${TESTS_LINKS} GTest::gmock_main)
  target_include_directories(${folder}_tests PRIVATE "${PROJECT_SOURCE_DIR}/tests")
  target_precompile_headers(${folder}_tests PRIVATE <gmock/gmock.h> <gtest/gtest.h>
                            ${TESTS_PRECOMPILE})
  # GCC 12 warns of the standard library's own strings once its headers are precompiled.
  target_compile_options(${folder}_tests PRIVATE "$<$<CXX_COMPILER_ID:GNU>:-Wno-array-bounds;-Wno-stringop-overflow>")
  # Two thirds of the time to compile a test is the optimizer's. It is worth that only where tests
  # compare with slow plain loops.
  if(NOT folder IN_LIST RANGEFINDER_CORE)
    target_compile_options(${folder}_tests PRIVATE -O0)
  endif()
  target_compile_definitions(${folder}_tests PRIVATE
                             RANGEFINDER_TEST_DATA="${PROJECT_SOURCE_DIR}/tests/data")
  gtest_discover_tests(${folder}_tests DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT 600)
endfunction()
