# What decodes pictures, as the target picture_decoders: libjpeg-turbo, libpng and libwebp. Without
# RANGEFINDER_PICTURES it is empty, and the program says so when it is given a picture.

add_library(picture_decoders INTERFACE)
target_compile_definitions(picture_decoders INTERFACE
                           RANGEFINDER_PICTURES=$<BOOL:${RANGEFINDER_PICTURES}>)
if(RANGEFINDER_PICTURES)
  find_package(JPEG REQUIRED)
  find_package(PNG REQUIRED)
  find_package(PkgConfig REQUIRED)
  pkg_check_modules(WEBP REQUIRED IMPORTED_TARGET libwebp)
  target_link_libraries(picture_decoders INTERFACE JPEG::JPEG PNG::PNG PkgConfig::WEBP)
endif()
