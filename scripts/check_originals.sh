#!/usr/bin/env bash
# check_originals.sh [BUILD] - runs the Python tests that need PyTorch, and those that make the same
# call here and in AIHWKIT-Lightning 2.1.0 and PPQ 0.6.6, which are installed into .deps/originals. They
# run with Debian 12's PyTorch 1.13; its packages are installed if they are missing. BUILD (default
# build/dev) is a build with -DRANGEFINDER_PYTHON=ON.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
build=$(cd "${1:-$root/build/dev}" && pwd)
target="$root/.deps/originals"

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# environment NAME COMMAND...: a virtual environment that sees Debian's packages, made once.
environment() {
  local folder="$target/$1"
  shift
  [ ! -e "$folder/complete" ] || return 0
  rm -rf "$folder"
  /usr/bin/python3 -m venv --system-site-packages "$folder"
  "$@" "$folder/bin/python" -m pip install --quiet --disable-pip-version-check
  touch "$folder/complete"
}

# PyTorch 1.13 was built for NumPy 1.
with_torch() {
  "$@" 'numpy<2' 'ml_dtypes<0.6' onnx==1.23.2 onnxruntime==1.29.0 pytest tqdm 'typing_extensions>=4.9'
  "$@" --no-deps aihwkit-lightning==2.1.0
}

# PPQ wants the onnx of its time, which Debian has.
with_ppq() {
  "$@" --no-deps ppq==0.6.6 onnxruntime==1.29.0
  "$@" pytest tqdm
}

run() {
  local environment=$1
  shift
  (cd "$root/python/tests" &&
    RANGEFINDER="$build/src/cli/rangefinder" RANGEFINDER_FAKE_CUDA="$build/tests/support/fake_cuda/libcuda.so.1" PYTHONPATH="$build/python" PYTHONDONTWRITEBYTECODE=1 \
    "$target/$environment/bin/python" -m pytest -q -p no:cacheprovider "$@")
}

dpkg -s python3-torch python3-onnx >/dev/null 2>&1 ||
  as_root apt-get install -y -qq --no-install-recommends python3-torch python3-onnx
environment torch with_torch
environment ppq with_ppq
run torch test_torch.py test_devices_torch.py test_analog_torch.py test_analog_aihwkit.py test_aihwkit_seed.py test_analog_onnx.py test_ppq_seed.py test_docs.py
run ppq test_ppq_parity.py
