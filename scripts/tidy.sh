#!/usr/bin/env bash
# tidy.sh [--all | --minutes N | SOURCE...] - clang-tidy, with the checks of .clang-tidy, on all of src/,
# on as much of it as N minutes are enough for, what was changed last first, on the named sources, or on
# those of src/ that differ from TIDY_BASE (default: where this branch left origin/main, or ten commits
# ago). Needs the dev build to be configured. About 5 s a source and core.
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

# All sources that are there, those changed last first.
last_changed_first() {
  git log --format= --name-only -- 'src/*.cc' | cat - <(git ls-files -- 'src/*.cc') | awk '!seen[$0]++' |
    while read -r source; do if [ -e "$source" ]; then echo "$source"; fi; done
}

export TIDY_END=0
sources=("$@")
if [ "${1:-}" = --all ]; then
  mapfile -t sources < <(git ls-files -- 'src/*.cc')
elif [ "${1:-}" = --minutes ]; then
  TIDY_END=$(($(date +%s) + 60 * $2))
  mapfile -t sources < <(last_changed_first)
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
TIDY=$(scripts/clang_tool.sh clang-tidy)
export TIDY
: >build/tidy/left
printf '%s\0' "${sources[@]}" |
  xargs -0 -P "$(nproc)" -n 1 bash -c '
    if [ "$TIDY_END" != 0 ] && [ "$(date +%s)" -ge "$TIDY_END" ]; then
      echo "$0" >>build/tidy/left
    else
      exec "$TIDY" -p build/tidy --quiet "$0"
    fi' 2>build/tidy/log ||
  { grep -v 'warnings generated' build/tidy/log; exit 1; }
left=$(wc -l <build/tidy/left)
echo "tidy: $((${#sources[@]} - left)) sources, nothing found$([ "$left" = 0 ] || echo "; $left not looked at")"
