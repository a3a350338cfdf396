#!/bin/sh
# main_job.sh RANGEFINDER MODEL SAMPLES - what an installed program must do on a bare system:
# quantize a model with samples. For sh, because nothing more may be there.
set -eu

work=$(mktemp -d)
"$1" --version
"$1" quantize "$2" --data "$3" --samples 16 -o "$work/int8.onnx" --summary "$work/summary.json" | tail -n 3
test -s "$work/int8.onnx" && test -s "$work/summary.json"
"$1" compare "$2" "$work/int8.onnx" --data "$3" | tail -n 2
rm -r "$work"
