#!/usr/bin/env bash
# tidy.sh [--all | SOURCE...] - clang-tidy, with the checks of .clang-tidy, on all of src/, on the named
# sources, or on those of src/ that differ from TIDY_BASE (default: where this branch left origin/main,
# or ten commits ago). Needs the dev build to be configured. About 5 s a source and core.
set -euo pipefail
cd "$(dirname "$0")/.."

git() { command git -c safe.directory="$PWD" "$@"; }

default_base() {
  local base
  base=$(git merge-base HEAD origin/main 2>/dev/null || git rev-parse HEAD)
  if [ "$base" = "$(git rev-parse HEAD)" ]; then
    base=$(git rev-parse --verify --quiet HEAD~10 || git rev-list --max-parents=0 HEAD | tail -n 1)
  fi
  echo "$base"
}

sources=("$@")
if [ "${1:-}" = --all ]; then
  mapfile -t sources < <(git ls-files -- 'src/*.cc')
elif [ ${#sources[@]} = 0 ]; then
  mapfile -t sources < <(git diff --name-only --diff-filter=d "${TIDY_BASE:-$(default_base)}" -- 'src/*.cc')
fi
if [ ${#sources[@]} = 0 ]; then
  echo 'tidy: no source differs'
  exit 0
fi

# GCC's precompiled headers mean nothing to Clang.
mkdir -p build/tidy
sed -E 's/ -Winvalid-pch -include [^ ]*cmake_pch\.hxx//' build/dev/compile_commands.json \
  >build/tidy/compile_commands.json
printf '%s\0' "${sources[@]}" |
  xargs -0 -P "$(nproc)" -n 1 "$(scripts/clang_tool.sh clang-tidy)" -p build/tidy --quiet 2>build/tidy/log ||
  { grep -v 'warnings generated' build/tidy/log; exit 1; }
echo "tidy: ${#sources[@]} sources, nothing found"
