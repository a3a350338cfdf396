#!/usr/bin/env bash
# The layers up to search, which make every number, compiled for arm64 and their tests run under an
# emulator: what is not x86-64 may not give other results. Installs a cross-compiler; the libraries of
# the other machine go to .deps/arm64, not into the system.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
sysroot="$root/.deps/arm64"
build="$root/build/arm64"
libraries=(libhwy1 libhwy-dev libfmt9 libfmt-dev libtbb12 libtbbmalloc2 libtbbbind-2-5 libtbb-dev libgtest-dev libgmock-dev googletest
           nlohmann-json3-dev)

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# Debian's packages of the other machine, without a change to this one's list of machines.
fetch_libraries() {
  local work
  work=$(mktemp -d)
  mkdir -p "$work/lists/partial" "$work/cache/archives/partial"
  local apt=(-q -o APT::Architecture=arm64 -o APT::Architectures::=arm64 -o Dir::State::lists="$work/lists"
             -o Dir::Cache="$work/cache" -o APT::Sandbox::User="$(id -un)" -o Dir::State::status=/dev/null)
  apt-get "${apt[@]}" update >/dev/null
  (cd "$work" && apt-get "${apt[@]}" download "${libraries[@]}" >/dev/null)
  for package in "$work"/*.deb; do dpkg-deb -x "$package" "$work/root"; done
  mkdir -p "$root/.deps"
  rm -rf "$sysroot"
  mv "$work/root" "$sysroot"
  rm -rf "$work"
}

if ! command -v aarch64-linux-gnu-g++ >/dev/null || ! command -v qemu-aarch64 >/dev/null; then
  as_root apt-get -q update >/dev/null
  as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get -q install -y --no-install-recommends g++-aarch64-linux-gnu qemu-user >/dev/null
fi
[ -d "$sysroot/usr/include/hwy" ] || fetch_libraries

cmake -S . -B "$build" -G Ninja --toolchain cmake/arm64.cmake -DRANGEFINDER_CORE_ONLY=ON \
  -DRANGEFINDER_WERROR=ON -DCMAKE_BUILD_TYPE=RelWithDebInfo -DCMAKE_CXX_FLAGS_RELWITHDEBINFO=-O1
cmake --build "$build" -j "$(nproc)"
# Not the tests' own helper that starts programs: emulated, posix_spawn() does not tell that there is
# no such program.
ctest --test-dir "$build" -j "$(nproc)" --output-on-failure --exclude-regex '^RunProgram\.'
