# What a wheel links statically, from the folder that scripts/wheel.sh made: protobuf's lite runtime
# with the ONNX messages, which registers nothing that another copy in the process could clash with,
# and libzip without the cryptography that Debian's brings.

find_program(PROTOC protoc REQUIRED)

set(generated "${PROJECT_BINARY_DIR}/onnx_messages")
file(MAKE_DIRECTORY "${generated}/onnx")
file(WRITE "${generated}/onnx/onnx_pb.h" "#pragma once\n#include \"onnx/onnx-ml.pb.h\"\n")
# At once, because every source that includes it would have to wait for it.
execute_process(COMMAND "${PROTOC}" "-I${RANGEFINDER_WHEEL_DEPS}/proto" "--cpp_out=lite:${generated}"
                        onnx/onnx-ml.proto COMMAND_ERROR_IS_FATAL ANY)
add_library(onnx_messages STATIC "${generated}/onnx/onnx-ml.pb.cc")
target_include_directories(onnx_messages SYSTEM BEFORE PUBLIC "${generated}" "${RANGEFINDER_WHEEL_DEPS}/include")
target_compile_definitions(onnx_messages PUBLIC ONNX_ML=1 ONNX_NAMESPACE=onnx)
target_link_libraries(onnx_messages PUBLIC "${RANGEFINDER_WHEEL_DEPS}/lib/libprotobuf-lite.a" Threads::Threads)
set_target_properties(onnx_messages PROPERTIES CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)

add_library(PkgConfig::LIBZIP STATIC IMPORTED)
set_target_properties(PkgConfig::LIBZIP PROPERTIES
                      IMPORTED_LOCATION "${RANGEFINDER_WHEEL_DEPS}/lib/libzip.a"
                      INTERFACE_INCLUDE_DIRECTORIES "${RANGEFINDER_WHEEL_DEPS}/include"
                      INTERFACE_LINK_LIBRARIES ZLIB::ZLIB)
