#!/usr/bin/env bash
# gpu_check.sh [BUILD] - for a machine with an NVIDIA GPU, in under 8 minutes: builds with the CUDA kernels,
# holds them against the CPU's counters on the GPU, measures which share of the memory's bandwidth they
# reach, counts PyTorch's tensors where they lie, and says what observing a ResNet-50 (generated) costs
# over bare inference on the GPU, and the program's --device cuda. The figures are for
# docs/performance.md.
#
# Needs what scripts/setup.sh installs; with BUILD, a folder that was built elsewhere, nothing is
# built. What needs something that is not here is listed as NOT RUN, and the exit code is 2; it is 1
# if anything failed.
#
# ONNX Runtime with its provider for CUDA: what RANGEFINDER_ONNXRUNTIME names, else onnxruntime-gpu
# with NVIDIA's libraries, fetched once into .deps/onnxruntime-gpu. PyTorch: of the Python that PYTHON
# names, else of python3.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
build=build/gpu
[ $# -eq 0 ] || build=$1
started=$(date +%s)
failed=()
not_run=()
export RANGEFINDER_NEEDS_GPU=1

step() { printf '\n== %s (after %d s)\n' "$*" $(($(date +%s) - started)); }

# check NAME COMMAND...: goes on whatever comes of it, so that one run tells as much as it can.
check() {
  local name=$1
  shift
  step "$name"
  "$@" || failed+=("$name (exit code $?)")
}
skip() {
  printf '\n== NOT RUN: %s: %s\n' "$1" "$2"
  not_run+=("$1")
}

# The library and its tests; of the Python package what PyTorch's tensors need.
build_all() {
  local python=()
  [ ! -x .deps/python/bin/python ] ||
    python=(-DRANGEFINDER_PYTHON=ON "-DPython_EXECUTABLE=$root/.deps/python/bin/python")
  mkdir -p "$build"
  {
    cmake --preset release -B "$build" -DRANGEFINDER_CUDA=ON -DRANGEFINDER_TEST_LAYERS=cuda "${python[@]}"
    cmake --build "$build" -j "$(nproc)" --target cuda_tests cuda_bench observe_bench rangefinder \
      ${python:+rangefinder_native}
  } >"$build/log" 2>&1 || { tail -n 60 "$build/log"; exit 1; }
}

# find_runtime: leaves RANGEFINDER_ONNXRUNTIME and LD_LIBRARY_PATH set; false if there is none.
find_runtime() {
  local target="$root/.deps/onnxruntime-gpu" packages libraries
  if [ -n "${RANGEFINDER_ONNXRUNTIME:-}" ]; then return; fi
  timeout 150 scripts/fetch_venv.sh onnxruntime-gpu scripts/onnxruntime_gpu_requirements.txt || return 1
  packages=$(echo "$target"/lib/python3*/site-packages)
  export RANGEFINDER_ONNXRUNTIME="$packages/onnxruntime"
  libraries=$(find "$packages/nvidia" -name '*.so*' -printf '%h\n' | sort -u | paste -sd:)
  export LD_LIBRARY_PATH="$libraries${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
}

# Says why this Python cannot count PyTorch's tensors; nothing if it can.
torch_trouble() {
  PYTHONPATH="$build/python" "$1" -c '
try:
    import pytest
    import rangefinder
    import torch
    print("" if torch.cuda.is_available() else "PyTorch finds no GPU")
except ImportError as error:
    print(error)' 2>&1 | tail -n 1
}

# make_samples FOLDER: pictures for the example model, bright in the middle.
make_samples() {
  mkdir -p "$1"
  /usr/bin/python3 - "$1" <<'END'
import array, random, sys
random.seed(1)
header = "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1, 28, 28), }".ljust(117) + "\n"
for number in range(40):
    values = (random.random() * max(0.0, 1 - ((i // 28 - 14) ** 2 + (i % 28 - 14) ** 2) / 150) for i in range(784))
    with open(f"{sys.argv[1]}/{number:02}.npy", "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode())
        file.write(array.array("f", values).tobytes())
END
}

# The program as a user calls it. Where the GPU cannot be used it says so and takes the CPU: a failure here.
run_program() {
  local command work=$build/gpu_check
  rm -rf "$work" && make_samples "$work/samples" || return 1
  for command in observe quantize; do
    timeout 60 "$build/src/cli/rangefinder" "$command" examples/models/fashion_cnn.onnx --data "$work/samples" \
      -o "$work/$command.out.onnx" --device cuda 2>&1 | tee "$work/messages" || return 1
    ! grep -q 'cannot be used' "$work/messages" || return 1
  done
}

if command -v nvidia-smi >/dev/null; then
  nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader
fi
if [ $# -eq 0 ]; then
  step 'compiler'
  scripts/fetch_nvcc.sh
  step 'build'
  build_all
fi
check 'the kernels against the counters of the CPU' timeout 120 \
  "$build/tests/cuda/cuda_tests" --gtest_filter='CudaHardware.*' --gtest_brief=1
check 'bandwidth' timeout 120 "$build/bench/cuda_bench"

python=${PYTHON:-python3}
if trouble=$(torch_trouble "$python") && [ -z "$trouble" ]; then
  check "PyTorch's tensors, counted where they lie" timeout 120 env PYTHONPATH="$build/python" \
    "$python" -m pytest -q -p no:cacheprovider python/tests/test_gpu_torch.py
else
  skip "PyTorch's tensors, counted where they lie" "$python: $trouble"
fi

step 'ONNX Runtime'
if find_runtime; then
  check 'observing a ResNet-50 over bare inference, both on the GPU' timeout 120 \
    "$build/bench/observe_bench" --device cuda --jobs 1 --pairs 101 resnet50
  check 'the same without sums of channels' timeout 120 \
    "$build/bench/observe_bench" --device cuda --jobs 1 --pairs 101 --without-sums resnet50
  check 'the program: observe and quantize' run_program
else
  skip 'observing on the GPU' 'no ONNX Runtime with a provider for CUDA'
fi

step 'done'
for name in "${not_run[@]}"; do echo "NOT RUN: $name"; done
for name in "${failed[@]}"; do echo "FAILED: $name"; done
[ ${#failed[@]} -eq 0 ] || exit 1
[ ${#not_run[@]} -eq 0 ] || exit 2
