#!/usr/bin/env bash
# Fetches ONNX Runtime (library and C++ headers) from its npm package into .deps/onnxruntime, once.
# A copy kept in the user's cache is used again; the archive is checked against its pinned hash.
set -euo pipefail

package='com.github.asus4.onnxruntime@0.4.9'
integrity='BkzxduSZ9IkeDP6Q8lz2TFU2ie7hSSvS7ZIfzMooExoq0CNzJnuuGaUJ7IsojBgqO4ouD1jXah8OYyJbCN29Fg=='
library='package/Plugins/Linux/x64/libonnxruntime.so'
headers='package/Plugins/iOS~/onnxruntime.xcframework/ios-arm64/onnxruntime.framework/Headers'

root=$(cd "$(dirname "$0")/.." && pwd)
target="$root/.deps/onnxruntime"
cache="${XDG_CACHE_HOME:-$HOME/.cache}/rangefinder"
archive="$cache/onnxruntime-0.4.9.tgz"

[ -e "$target/lib/libonnxruntime.so.1" ] && exit 0
if [ "$(uname -m)" != x86_64 ]; then
  echo "fetch_onnxruntime: the npm package holds x86-64 Linux only; install ONNX Runtime and give" \
       "-DONNXRUNTIME_ROOT=FOLDER to cmake" >&2
  exit 1
fi

sum() { openssl dgst -sha512 -binary "$1" | openssl base64 -A; }

if [ ! -e "$archive" ] || [ "$(sum "$archive")" != "$integrity" ]; then
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  (cd "$work" && npm pack --silent "$package" >/dev/null)
  fetched=$(ls "$work"/*.tgz)
  if [ "$(sum "$fetched")" != "$integrity" ]; then
    echo "fetch_onnxruntime: $package does not have the expected hash" >&2
    exit 1
  fi
  mkdir -p "$cache"
  mv "$fetched" "$archive"
fi

partial="$target.partial"
rm -rf "$partial" "$target"
mkdir -p "$partial/include" "$partial/lib"
tar -xzf "$archive" -C "$partial" "$library" "$headers"
mv "$partial/$library" "$partial/lib/libonnxruntime.so"
mv "$partial/$headers"/*.h "$partial/include/"
rm -rf "$partial/package"
ln -s libonnxruntime.so "$partial/lib/libonnxruntime.so.1"
mv "$partial" "$target"
