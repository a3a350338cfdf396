#!/usr/bin/env bash
# onnxruntime_releases.sh RANGEFINDER FASHION_MNIST MODEL LIBRARY... - the program makes the same
# bytes with every release of ONNX Runtime: statistics, model, and what it says of them.
set -euo pipefail

rangefinder=$1
fashion_mnist=$2
model=$3
shift 3
if [ $# -lt 3 ]; then
  echo "releases of ONNX Runtime: $*; the oldest, the usual and the newest are needed: scripts/setup.sh --tests"
  exit 1
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$fashion_mnist" export --count 48 --out "$work/samples" >/dev/null
for library in "$@"; do
  export RANGEFINDER_ONNXRUNTIME=$library
  release=$("$rangefinder" --version | sed -n 's/^ONNX Runtime \([^,]*\),.*/\1/p')
  case "$library" in
    *"$release"*) ;;
    *) echo "$library: $("$rangefinder" --version)"; exit 1 ;;
  esac
  out="$work/$release"
  mkdir "$out"
  "$rangefinder" observe "$model" --data "$work/samples" --samples 32 -o "$out/all.rfs" 2>/dev/null
  "$rangefinder" quantize "$model" --data "$work/samples" --samples 32 -o "$out/int8.onnx" >/dev/null 2>&1
  "$rangefinder" compare "$model" "$out/int8.onnx" --data "$work/samples" --json |
    sed "s#$out##g" >"$out/compare.json"
  first=${first:-$out}
  for file in all.rfs int8.onnx compare.json; do
    cmp "$first/$file" "$out/$file"
  done
  echo "ONNX Runtime $release: same bytes"
done
