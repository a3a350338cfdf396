#!/usr/bin/env bash
# fetch_onnxruntime.sh [--tests] [--is-complete] - puts ONNX Runtime 1.29.0 into .deps/onnxruntime,
# once: the library from the Python package, for x86-64 or arm64, and the C++ headers from an npm
# package. With --tests also the oldest and the newest release that the tests run with, into
# .deps/onnxruntime-VERSION. With --is-complete it fetches nothing and says by its exit code whether
# all is there.
set -euo pipefail

default=1.29.0
test_releases=(1.24.1 1.32.0)
declare -A wheels=(
  [1.24.1-x86_64]=34b6119526eda12613f0d0498e2ae59563c247c370c9cef74c2fc93133dde157
  [1.24.1-aarch64]=780add442ce2d4175fafb6f3102cdc94243acffa3ab16eacc03dd627cc7b1b54
  [1.29.0-x86_64]=2b80d8c7ec2cc7438e4da3760b88c24568cba72c9ace96d668800a6c79419acb
  [1.29.0-aarch64]=d2fb19e848f7c33ed8d3182b52504aaa11c5e8da438bbb47296f85b133cbcf6b
  [1.32.0-x86_64]=99e1074c4b2197accd5073052a465361be17b89c093b8ffb6e6bd8f986c52df8
  [1.32.0-aarch64]=e36c187006e7a7c8b8d6d57f1a209dd63f52430dca6c282b177718ad6b841054
)
header_package='com.github.asus4.onnxruntime@0.4.9'
header_integrity='BkzxduSZ9IkeDP6Q8lz2TFU2ie7hSSvS7ZIfzMooExoq0CNzJnuuGaUJ7IsojBgqO4ouD1jXah8OYyJbCN29Fg=='
headers='package/Plugins/iOS~/onnxruntime.xcframework/ios-arm64/onnxruntime.framework/Headers'

root=$(cd "$(dirname "$0")/.." && pwd)
machine=$(uname -m)
releases=("$default")
only_ask=false
for word in "$@"; do
  case "$word" in
    --tests) releases+=("${test_releases[@]}") ;;
    --is-complete) only_ask=true ;;
    *) echo "fetch_onnxruntime: unknown option $word" >&2; exit 2 ;;
  esac
done

folder_of() {
  if [ "$1" = "$default" ]; then echo "$root/.deps/onnxruntime"; else echo "$root/.deps/onnxruntime-$1"; fi
}

is_there() {
  [ -e "$(folder_of "$1")/lib/libonnxruntime.so.$1" ]
}

unpack_headers() {
  local archive
  archive=$("$root/scripts/fetch_npm.sh" "$header_package" "$header_integrity")
  tar -xzf "$archive" -C "$1" --no-same-owner "$headers"
  mv "$1/$headers" "$1/include"
  rm -rf "$1/package"
}

unpack_library() {
  local release=$1 folder=$2 wheel
  wheel=$("$root/scripts/fetch_wheel.sh" "onnxruntime==$release" "manylinux_2_28_$machine" \
          "${wheels[$release-$machine]}")
  python3 -m zipfile -e "$wheel" "$folder/wheel"
  mkdir "$folder/lib"
  mv "$folder/wheel/onnxruntime/capi/libonnxruntime.so.$release" "$folder/lib/"
  mv "$folder/wheel/onnxruntime"/{LICENSE,ThirdPartyNotices.txt} "$folder/"
  rm -rf "$folder/wheel"
  ln -s "libonnxruntime.so.$release" "$folder/lib/libonnxruntime.so.1"
}

for release in "${releases[@]}"; do
  is_there "$release" && continue
  if $only_ask; then exit 1; fi
  if [ -z "${wheels[$release-$machine]:-}" ]; then
    echo "fetch_onnxruntime: there is no package for $machine; install ONNX Runtime and give" \
         "-DONNXRUNTIME_ROOT=FOLDER to cmake" >&2
    exit 1
  fi
  target=$(folder_of "$release")
  mkdir -p "$root/.deps"
  partial=$(mktemp -d "$target.XXXXXX")
  trap 'rm -rf "$partial"' EXIT
  if [ "$release" = "$default" ]; then unpack_headers "$partial"; fi
  unpack_library "$release" "$partial"
  chmod 755 "$partial"
  rm -rf "$target"
  mv "$partial" "$target"
done
