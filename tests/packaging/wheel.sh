#!/usr/bin/env bash
# wheel.sh PYTHON PROGRAM - builds the wheel for PYTHON, looks at what is in it, installs it into a fresh
# virtual environment with the ONNX Runtime that the tests know, and runs the Python tests there against
# PROGRAM, the command line of the same sources.
set -euo pipefail

python=$1
program=$(realpath "$2")
cd "$(dirname "$0")/../.."
rm -rf build/wheels
scripts/wheel.sh "$python"
wheel=$(echo build/wheels/*.whl)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$python" -m zipfile -l "$wheel" | awk 'NR > 1 { print $1 }' >"$work/names"
for needed in _native __init__.py _native.pyi py.typed LICENSE THIRD_PARTY_NOTICES.md licenses/nanobind licenses/libprotobuf; do
  grep -q "$needed" "$work/names" || { echo "wheel: no $needed in it" >&2; exit 1; }
done
if grep -E 'protobuf.*\.so|libonnxruntime|\.cc$' "$work/names"; then echo 'wheel: the above is too much' >&2; exit 1; fi

"$python" -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check "$wheel" -r python/tests/requirements.txt
shown=$(nm -D --defined-only "$work"/venv/lib/python3*/site-packages/rangefinder/_native*.so)
if [ "$(wc -l <<<"$shown")" != 1 ]; then echo "wheel: more is shown than PyInit__native: $shown" >&2; exit 1; fi
RANGEFINDER="$program" "$work/venv/bin/python" -m pytest -q -p no:cacheprovider python/tests
