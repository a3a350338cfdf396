#!/usr/bin/env bash
# subproject.sh SOURCE BUILD_FOLDER JOBS - Rangefinder as part of another project, by
# add_subdirectory and by FetchContent. The second takes what the first compiled; without
# optimization, for what is compiled is tested elsewhere.
set -euo pipefail

source=$1
build=$2
jobs=$3

for use in add_subdirectory FetchContent; do
  echo "== $use"
  cmake -S "$source/tests/packaging/outside" -B "$build" -G Ninja -DUSE=$use \
    -DRANGEFINDER_SOURCE="$source" -DCMAKE_CXX_FLAGS=-O0
  cmake --build "$build" -j "$jobs" --target outside
  "$build/outside" "$source/examples/models/fashion_cnn.onnx"
done
