#!/usr/bin/env bash
# All tests, from nothing: set-up, build with warnings as errors, ctest. With CI=true also, before
# that: house rules, formatting, and a second build with Clang under the address and
# undefined-behaviour sanitizers, with a short run of every fuzz target and the tests of the layers
# that read what others wrote and work on raw memory. Then, as long as CI_MINUTES (default: 75) are
# not over: both packages, used on a bare system; the wheel in a fresh environment; the library as
# part of another project; the layers that
# make every number on arm64; the documentation as a site; clang-tidy. What no time is left for is named.
# Ends with ctest's summary of the first build's tests.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
jobs=$(nproc)
logs="$root/build/logs"

step() { printf '\n== %s (%s)\n' "$*" "$(date +%T)"; }

# begin MINUTES WHAT: whether that many are left.
begin() {
  if [ $((SECONDS / 60 + $1)) -gt "${CI_MINUTES:-75}" ]; then
    printf '\n== NOT RUN, out of time: %s\n' "$2"
    return 1
  fi
  step "$2"
}

# Runs a command with its output in a log; shows the log's end only when it fails.
quietly() {
  local name=$1
  shift
  mkdir -p "$logs"
  if ! "$@" >"$logs/$name.log" 2>&1; then
    echo "FAILED: $* - the end of build/logs/$name.log:"
    tail -n 80 "$logs/$name.log"
    exit 1
  fi
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# build PRESET [OPTION OF CMAKE...]
build() {
  quietly "$1-configure" cmake --preset "$@"
  quietly "$1-build" cmake --build --preset "$1" -j "$jobs"
}

scripts/setup.sh --tests

if [ "${CI:-}" = true ]; then
  step 'house rules and formatting'
  python3 scripts/check_house.py
  scripts/check_format.sh
  step 'Clang, sanitizers, fuzz targets: build'
  build clang -DCMAKE_CXX_COMPILER="$(scripts/clang_tool.sh clang++)" -DRANGEFINDER_BENCH=OFF \
    -DRANGEFINDER_TEST_LAYERS='base;tensor;statistics;quantization;search;observers;graph;data;cuda;engine;refine'
  step 'Clang, sanitizers, fuzz targets: tests'
  quietly clang-tests ctest --preset clang -j "$jobs"
  tail -n 3 "$logs/clang-tests.log"
fi

step 'build'
build dev -DRANGEFINDER_PYTHON=ON -DPython_EXECUTABLE="$root/.deps/python/bin/python" -DRANGEFINDER_CUDA=ON \
  -DRANGEFINDER_MPI=ON

if [ "${CI:-}" = true ]; then
  if begin 6 'packages, on a bare system too'; then
    quietly packages tests/packaging/packages.sh build/dev build/packages
    grep -E '^==|newest' "$logs/packages.log"
    if as_root unshare --mount true 2>/dev/null; then
      build/dev/examples/fashion_mnist/fashion_mnist export --count 24 --out build/packages/samples >/dev/null
      quietly bare-system as_root tests/packaging/in_root.sh bookworm build/packages build/packages/samples
      grep '^==' "$logs/bare-system.log"
    else
      printf '\n== NOT RUN, no root system may be mounted here: %s\n' 'packages on a bare system'
    fi
  fi
  if begin 8 'the wheel, in a fresh environment (tests/packaging/wheel.sh)'; then
    quietly wheel tests/packaging/wheel.sh "$root/.deps/python/bin/python" build/dev/src/cli/rangefinder
    tail -n 1 "$logs/wheel.log"
  fi
  if begin 12 'part of another project (tests/packaging/subproject.sh)'; then
    quietly subproject tests/packaging/subproject.sh "$root" "$root/build/outside" "$jobs"
  fi
  if begin 3 'the documentation as a site (scripts/docs.sh)'; then
    quietly docs scripts/docs.sh build/dev/src/cli/rangefinder
  fi
  if begin 5 'PyTorch, and the originals beside (scripts/check_originals.sh)'; then
    quietly originals scripts/check_originals.sh build/dev
    grep -E 'passed|failed' "$logs/originals.log"
  fi
  if begin 2 'ncnn, MNN and OpenVINO (scripts/check_runtimes.sh)'; then
    quietly runtimes scripts/check_runtimes.sh build/dev
    grep -E 'passed|failed' "$logs/runtimes.log"
  fi
  if begin 8 'arm64 (scripts/check_arm64.sh)'; then
    quietly arm64 scripts/check_arm64.sh
    tail -n 3 "$logs/arm64.log"
  fi
  if begin 9 'clang-tidy on what differs (scripts/tidy.sh)'; then
    quietly tidy scripts/tidy.sh
    tail -n 1 "$logs/tidy.log"
  fi
fi
step 'tests'
ctest --preset dev -j "$jobs"
