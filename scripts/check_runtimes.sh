#!/usr/bin/env bash
# check_runtimes.sh [BUILD] - runs what is written for ncnn, MNN and OpenVINO in those, which are installed into
# .deps/runtimes. BUILD (default build/dev) is a build with -DRANGEFINDER_PYTHON=ON.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
build=$(cd "${1:-$root/build/dev}" && pwd)
target="$root/.deps/runtimes"
pnnx=pnnx==20261020

"$root/scripts/fetch_venv.sh" runtimes python/tests/runtimes_requirements.txt
"$target/bin/python" -m pip freeze --disable-pip-version-check | grep -qx "$pnnx" ||
  "$target/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps "$pnnx"
cd "$root/python/tests"
RANGEFINDER="$build/src/cli/rangefinder" PYTHONPATH="$build/python" PYTHONDONTWRITEBYTECODE=1 \
  "$target/bin/python" -m pytest -q -p no:cacheprovider test_ncnn.py test_mnn.py test_openvino.py
