#!/usr/bin/env bash
# fetch_nvcc.sh [--is-complete] - puts NVIDIA's compiler into .deps/nvcc (130 MB), once for each
# content of scripts/nvcc_requirements.txt. With --is-complete it fetches nothing and says by its exit
# code whether all is there. No GPU and no driver is needed to compile.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
requirements="$root/scripts/nvcc_requirements.txt"
target="$root/.deps/nvcc"

if cmp -s "$requirements" "$target/requirements.txt"; then exit 0; fi
if [ "${1:-}" = --is-complete ]; then exit 1; fi
rm -rf "$target"
mkdir -p "$root/.deps"
trap 'rm -rf "$target"' ERR
/usr/bin/python3 -m venv "$target"
echo 'fetching the packages of scripts/nvcc_requirements.txt' >&2
"$target/bin/python" -m pip install --quiet --disable-pip-version-check -r "$requirements" >&2
(cd "$target" && ln -s lib/python3*/site-packages/nvidia/cu13 cuda)
cp "$requirements" "$target/requirements.txt"
