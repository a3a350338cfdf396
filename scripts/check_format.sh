#!/usr/bin/env bash
# Fails if a tracked C++ file is not formatted as .clang-format says. scripts/format.sh mends it.
# Releases of clang-format differ in details: it must be 14.
set -euo pipefail
cd "$(dirname "$0")/.."
tool=$(scripts/clang_tool.sh clang-format 14)
git -c safe.directory="$PWD" ls-files -z -- '*.h' '*.cc' | xargs -0 "$tool" --dry-run -Werror
