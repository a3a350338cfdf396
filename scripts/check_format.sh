#!/usr/bin/env bash
# Fails if a tracked C++ file is not formatted as .clang-format says. clang-format-14 -i mends it.
set -euo pipefail
cd "$(dirname "$0")/.."
git -c safe.directory="$PWD" ls-files -z -- '*.h' '*.cc' | xargs -0 clang-format-14 --dry-run -Werror
