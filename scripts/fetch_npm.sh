#!/usr/bin/env bash
# fetch_npm.sh PACKAGE@VERSION SHA512 - prints the path of the package's archive. The archive is kept
# in the user's cache and checked against its hash (base64) each time; a download that does not
# match is thrown away.
set -euo pipefail

package=$1
integrity=$2
cache="${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/rangefinder"
archive="$cache/$(tr -c 'a-zA-Z0-9.\n-' '-' <<<"${package#@}").tgz"

matches() {
  [ -e "$1" ] && [ "$(openssl dgst -sha512 -binary "$1" | openssl base64 -A)" = "$integrity" ]
}

if ! matches "$archive"; then
  mkdir -p "$cache"
  work=$(mktemp -d "$cache/fetch.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  echo "fetching $package" >&2
  (cd "$work" && npm pack --loglevel=error "$package" >/dev/null)
  fetched=$(find "$work" -name '*.tgz')
  if ! matches "$fetched"; then
    echo "fetch_npm: $package does not have the expected hash" >&2
    exit 1
  fi
  mv "$fetched" "$archive"
fi
echo "$archive"
