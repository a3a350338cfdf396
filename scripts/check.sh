#!/usr/bin/env bash
# The check before a commit, two minutes after a small change: house rules, formatting, a build with
# warnings as errors of what is tested here, and the tests of each layer with a file that differs
# from the last commit. Layers above it are left to scripts/test.sh.
set -euo pipefail
cd "$(dirname "$0")/.."

python3 scripts/check_house.py
scripts/check_format.sh

git() { command git -c safe.directory="$PWD" "$@"; }
mapfile -t layers < <({ git diff --name-only HEAD; git ls-files --others --exclude-standard; } |
  sed -nE 's#^(src|tests)/([^/]+)/.*#\2#p' | grep -vxE 'support|packaging' | sort -u)
targets=(rangefinder)
for layer in "${layers[@]}"; do targets+=("${layer}_tests"); done

mkdir -p build
cmake --preset dev >build/check-configure.log 2>&1 || { tail -n 30 build/check-configure.log; exit 1; }
cmake --build --preset dev -j "$(nproc)" --target "${targets[@]}"
for layer in "${layers[@]}"; do
  "build/dev/tests/$layer/${layer}_tests" --gtest_brief=1
done
echo "check: fine; tested: ${layers[*]:-nothing, for no layer differs}"
