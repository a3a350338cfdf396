#!/usr/bin/env bash
# fetch_nvcc.sh [--is-complete] - NVIDIA's compiler, in .deps/nvcc (130 MB; scripts/fetch_venv.sh). No
# GPU and no driver is needed to compile.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
"$root/scripts/fetch_venv.sh" nvcc scripts/nvcc_requirements.txt "$@"
cd "$root/.deps/nvcc"
[ -e cuda ] || ln -s lib/python3*/site-packages/nvidia/cu13 cuda
