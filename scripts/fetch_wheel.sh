#!/usr/bin/env bash
# fetch_wheel.sh PACKAGE==VERSION PLATFORM SHA256 - prints the path of the package's wheel for
# CPython 3.12, whatever Python is here. The wheel is kept in the user's cache and checked against
# its hash each time; a download that does not match is thrown away.
set -euo pipefail

package=$1
platform=$2
hash=$3
cache="${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/rangefinder"
wheel="$cache/${package/==/-}-$platform.whl"

matches() {
  [ -e "$1" ] && sha256sum --status -c <<<"$hash  $1"
}

if ! matches "$wheel"; then
  mkdir -p "$cache"
  work=$(mktemp -d "$cache/fetch.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  echo "fetching $package ($platform)" >&2
  python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: \
    --implementation cp --python-version 3.12 --abi cp312 --platform "$platform" \
    --dest "$work" "$package" >&2
  fetched=$(find "$work" -name '*.whl')
  if ! matches "$fetched"; then
    echo "fetch_wheel: $package does not have the expected hash" >&2
    exit 1
  fi
  mv "$fetched" "$wheel"
fi
echo "$wheel"
