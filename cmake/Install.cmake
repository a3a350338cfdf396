# What `cmake --install` puts where, in three components: runtime (program, shared library, ONNX
# Runtime, licences, documentation), development (headers, CMake package, pkg-config) and bundle (the
# shared libraries of others, for packages that must not rely on the system's).

include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

# Ours alone: ONNX Runtime, and the bundle.
set(private_folder "${CMAKE_INSTALL_LIBDIR}/rangefinder")
set(package_folder "${CMAKE_INSTALL_LIBDIR}/cmake/rangefinder")

# Run-time paths of the old kind, which hold for what bundled libraries need, too.
target_link_options(librangefinder PRIVATE LINKER:--disable-new-dtags)
set_target_properties(librangefinder PROPERTIES INSTALL_RPATH "$ORIGIN/rangefinder")
target_include_directories(librangefinder INTERFACE
                           "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>")

if(RANGEFINDER_CLI)
  file(RELATIVE_PATH from_bin "/${CMAKE_INSTALL_BINDIR}" "/${private_folder}")
  target_link_options(rangefinder PRIVATE LINKER:--disable-new-dtags)
  set_target_properties(rangefinder PROPERTIES INSTALL_RPATH "$ORIGIN/${from_bin}")
  install(TARGETS rangefinder RUNTIME_DEPENDENCY_SET needed
          RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}" COMPONENT runtime)
  include(Completions)
endif()
install(TARGETS librangefinder EXPORT rangefinderTargets RUNTIME_DEPENDENCY_SET needed
        LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT runtime
        NAMELINK_COMPONENT development)
install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/rangefinder"
        DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" COMPONENT development FILES_MATCHING PATTERN "*.h")

configure_package_config_file(
  "${PROJECT_SOURCE_DIR}/packaging/rangefinderConfig.cmake.in"
  "${PROJECT_BINARY_DIR}/packaging/rangefinderConfig.cmake"
  INSTALL_DESTINATION "${package_folder}" NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file("${PROJECT_BINARY_DIR}/packaging/rangefinderConfigVersion.cmake"
                                 COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/packaging/rangefinderConfig.cmake"
              "${PROJECT_BINARY_DIR}/packaging/rangefinderConfigVersion.cmake"
        DESTINATION "${package_folder}" COMPONENT development)
install(EXPORT rangefinderTargets NAMESPACE rangefinder:: DESTINATION "${package_folder}"
        COMPONENT development)

file(RELATIVE_PATH pc_to_prefix "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
configure_file("${PROJECT_SOURCE_DIR}/packaging/rangefinder.pc.in"
               "${PROJECT_BINARY_DIR}/packaging/rangefinder.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/packaging/rangefinder.pc"
        DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig" COMPONENT development)

foreach(file LICENSE NOTICE THIRD_PARTY_NOTICES.md README.md CHANGELOG.md SECURITY.md CONTRIBUTING.md
        packaging/copyright)
  install(FILES "${PROJECT_SOURCE_DIR}/${file}" DESTINATION "${CMAKE_INSTALL_DOCDIR}"
          COMPONENT runtime)
endforeach()
install(DIRECTORY "${PROJECT_SOURCE_DIR}/docs" DESTINATION "${CMAKE_INSTALL_DOCDIR}"
        COMPONENT runtime)

# The library that scripts/fetch_onnxruntime.sh fetched, with its licence.
file(GLOB onnxruntime_library "${ONNXRUNTIME_ROOT}/lib/libonnxruntime.so.1.*")
option(RANGEFINDER_INSTALL_ONNXRUNTIME "Install ONNX Runtime's library, too" ON)
if(RANGEFINDER_INSTALL_ONNXRUNTIME AND onnxruntime_library)
  list(GET onnxruntime_library 0 onnxruntime_library)
  install(FILES "${onnxruntime_library}" DESTINATION "${private_folder}"
          RENAME libonnxruntime.so.1 COMPONENT runtime)
  install(FILES "${ONNXRUNTIME_ROOT}/LICENSE" "${ONNXRUNTIME_ROOT}/ThirdPartyNotices.txt"
          DESTINATION "${CMAKE_INSTALL_DOCDIR}/licenses/onnxruntime" COMPONENT runtime)
endif()

# All but what every Linux system with a C++ program has.
install(RUNTIME_DEPENDENCY_SET needed
        PRE_EXCLUDE_REGEXES "^ld-linux" "^lib(c|m|dl|rt|pthread|util|resolv|gcc_s|stdc\\+\\+)\\.so"
        POST_EXCLUDE_REGEXES "^${PROJECT_BINARY_DIR}/"
        LIBRARY DESTINATION "${private_folder}" COMPONENT bundle EXCLUDE_FROM_ALL)
install(CODE "set(bundle_folder \"${private_folder}\")
              set(licence_folder \"${CMAKE_INSTALL_DOCDIR}/licenses\")"
        COMPONENT bundle EXCLUDE_FROM_ALL)
install(SCRIPT "${PROJECT_SOURCE_DIR}/packaging/bundle_licenses.cmake"
        COMPONENT bundle EXCLUDE_FROM_ALL)
