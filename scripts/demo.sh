#!/usr/bin/env bash
# The main job on a real model and real data, from nothing: set-up, release build, int8 model from
# 256 training images, then accuracy, size and speed of both models on all 10 000 test images.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
model=examples/models/${1:-fashion_cnn}.onnx
out=build/demo
build=build/release

scripts/setup.sh
mkdir -p "$out"
echo 'demo: building (minutes the first time; log in build/demo/build.log)'
if ! { cmake --preset release -DRANGEFINDER_TESTS=OFF -DRANGEFINDER_BENCH=OFF &&
       cmake --build --preset release -j "$(nproc)" --target rangefinder fashion_mnist; } \
     >"$out/build.log" 2>&1; then
  tail -n 80 "$out/build.log" >&2
  exit 1
fi

# 32 more than are calibrated on: those judge the result.
"$build/examples/fashion_mnist/fashion_mnist" export --count 288 --out "$out/samples"
"$build/src/cli/rangefinder" quantize "$model" --data "$out/samples" --samples 256 \
  -o "$out/int8.onnx" --summary "$out/summary.json"
echo
"$build/examples/fashion_mnist/fashion_mnist" evaluate "$model" "$out/int8.onnx"
