#!/usr/bin/env bash
# All tests, from nothing: set-up, build with warnings as errors, ctest. With CI=true also, before
# that: house rules, formatting, and a second build with Clang under the address and
# undefined-behaviour sanitizers, with all tests and a short run of every fuzz target.
# Ends with ctest's summary of the first build's tests.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
jobs=$(nproc)
logs="$root/build/logs"

step() { printf '\n== %s (%s)\n' "$*" "$(date +%T)"; }

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

build() {
  quietly "$1-configure" cmake --preset "$1"
  quietly "$1-build" cmake --build --preset "$1" -j "$jobs"
}

scripts/setup.sh --tests

if [ "${CI:-}" = true ]; then
  step 'house rules and formatting'
  python3 scripts/check_house.py
  scripts/check_format.sh
  step 'Clang, sanitizers, fuzz targets: build'
  build clang
  step 'Clang, sanitizers, fuzz targets: tests'
  quietly clang-tests ctest --preset clang -j "$jobs"
  tail -n 3 "$logs/clang-tests.log"
fi

step 'build'
build dev
step 'tests'
ctest --preset dev -j "$jobs"
