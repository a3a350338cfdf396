#!/usr/bin/env bash
# fetch_venv.sh FOLDER REQUIREMENTS [--is-complete] - puts the packages of a requirements file into a
# virtual environment of .deps/, once for each content of the file. With --is-complete it fetches
# nothing and says by its exit code whether all is there.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
target="$root/.deps/$1"
requirements="$root/$2"

if cmp -s "$requirements" "$target/requirements.txt"; then exit 0; fi
if [ "${3:-}" = --is-complete ]; then exit 1; fi
rm -rf "$target"
mkdir -p "$root/.deps"
trap 'rm -rf "$target"' ERR
# Debian's own interpreter: others may lack the headers or a shared library.
/usr/bin/python3 -m venv "$target"
echo "fetching the packages of $2" >&2
"$target/bin/python" -m pip install --quiet --disable-pip-version-check -r "$requirements" >&2
cp "$requirements" "$target/requirements.txt"
