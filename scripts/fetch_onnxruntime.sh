#!/usr/bin/env bash
# Puts ONNX Runtime 1.29.0 (library and C++ headers) into .deps/onnxruntime, once: from the npm
# package that carries it for Linux.
set -euo pipefail

package='com.github.asus4.onnxruntime@0.4.9'
integrity='BkzxduSZ9IkeDP6Q8lz2TFU2ie7hSSvS7ZIfzMooExoq0CNzJnuuGaUJ7IsojBgqO4ouD1jXah8OYyJbCN29Fg=='
library='package/Plugins/Linux/x64/libonnxruntime.so'
headers='package/Plugins/iOS~/onnxruntime.xcframework/ios-arm64/onnxruntime.framework/Headers'

root=$(cd "$(dirname "$0")/.." && pwd)
target="$root/.deps/onnxruntime"

[ -e "$target/lib/libonnxruntime.so.1" ] && exit 0
[ "${1:-}" = --is-complete ] && exit 1
if [ "$(uname -m)" != x86_64 ]; then
  echo "fetch_onnxruntime: the npm package holds x86-64 Linux only; install ONNX Runtime and give" \
       "-DONNXRUNTIME_ROOT=FOLDER to cmake" >&2
  exit 1
fi

archive=$("$root/scripts/fetch_npm.sh" "$package" "$integrity")
mkdir -p "$root/.deps"
partial=$(mktemp -d "$target.XXXXXX")
trap 'rm -rf "$partial"' EXIT
mkdir -p "$partial/include" "$partial/lib"
tar -xzf "$archive" -C "$partial" --no-same-owner "$library" "$headers"
mv "$partial/$library" "$partial/lib/libonnxruntime.so"
mv "$partial/$headers"/*.h "$partial/include/"
rm -rf "$partial/package"
ln -s libonnxruntime.so "$partial/lib/libonnxruntime.so.1"
chmod 755 "$partial"
rm -rf "$target"
mv "$partial" "$target"
