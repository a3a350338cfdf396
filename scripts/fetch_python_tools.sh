#!/usr/bin/env bash
# fetch_python_tools.sh [--is-complete] - puts what the Python package is built and tested with into
# .deps/python, a virtual environment, once for each content of python/tests/requirements.txt. With
# --is-complete it fetches nothing and says by its exit code whether all is there.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
requirements="$root/python/tests/requirements.txt"
target="$root/.deps/python"

if cmp -s "$requirements" "$target/requirements.txt"; then exit 0; fi
if [ "${1:-}" = --is-complete ]; then exit 1; fi
rm -rf "$target"
mkdir -p "$root/.deps"
trap 'rm -rf "$target"' ERR
# Debian's own interpreter: others may lack the headers or a shared library.
/usr/bin/python3 -m venv "$target"
echo 'fetching the Python packages of python/tests/requirements.txt' >&2
"$target/bin/python" -m pip install --quiet --disable-pip-version-check -r "$requirements" >&2
cp "$requirements" "$target/requirements.txt"
