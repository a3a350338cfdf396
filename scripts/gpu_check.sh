#!/usr/bin/env bash
# gpu_check.sh - for a machine with an NVIDIA GPU: builds with the CUDA kernels, holds them against the
# CPU's counters on the GPU, measures which share of the memory's bandwidth they reach, and what
# observing a ResNet-50 costs over bare inference on the GPU. Under 8 minutes; the figures are for
# docs/performance.md. Needs what scripts/setup.sh installs.
#
# ONNX Runtime with its provider for CUDA: what RANGEFINDER_ONNXRUNTIME names, else onnxruntime-gpu
# with NVIDIA's libraries, fetched once into .deps/onnxruntime-gpu.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
build=build/gpu
step() { printf '\n== %s (%s)\n' "$*" "$(date +%T)"; }

# prepare_runtime: leaves RANGEFINDER_ONNXRUNTIME and LD_LIBRARY_PATH set.
prepare_runtime() {
  local target="$root/.deps/onnxruntime-gpu" packages libraries
  if [ -n "${RANGEFINDER_ONNXRUNTIME:-}" ]; then return; fi
  scripts/fetch_venv.sh onnxruntime-gpu scripts/onnxruntime_gpu_requirements.txt
  packages=$(echo "$target"/lib/python3*/site-packages)
  export RANGEFINDER_ONNXRUNTIME="$packages/onnxruntime"
  libraries=$(find "$packages/nvidia" -name '*.so*' -printf '%h\n' | sort -u | paste -sd:)
  export LD_LIBRARY_PATH="$libraries${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
}

if command -v nvidia-smi >/dev/null; then
  nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader
fi
step 'compiler, ONNX Runtime'
scripts/fetch_nvcc.sh
prepare_runtime
step 'build'
mkdir -p "$build"
{
  cmake --preset release -B "$build" -DRANGEFINDER_CUDA=ON -DRANGEFINDER_TEST_LAYERS=cuda
  cmake --build "$build" -j "$(nproc)" --target cuda_tests cuda_bench observe_bench
} >"$build/log" 2>&1 || { tail -n 60 "$build/log"; exit 1; }
step 'the kernels against the counters of the CPU'
RANGEFINDER_NEEDS_GPU=1 "$build/tests/cuda/cuda_tests" --gtest_filter='CudaHardware.*' --gtest_brief=1
step 'bandwidth'
"$build/bench/cuda_bench"
step 'observing a ResNet-50 over bare inference, both on the GPU'
"$build/bench/observe_bench" --device cuda --jobs 1 --pairs 101 resnet50
"$build/bench/observe_bench" --device cuda --jobs 1 --pairs 101 --without-sums resnet50
step 'done'
