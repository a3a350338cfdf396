#!/usr/bin/env bash
# clang_tool.sh TOOL [VERSION] - prints the name of the installed TOOL (clang-format, clang-tidy,
# clang++): that of Clang 14, with which CI checks, else the newest one; of VERSION and no other if
# that is given.
set -euo pipefail

for suffix in -14 $(seq -f '-%g' 25 -1 15) ''; do
  if tool=$(command -v "$1$suffix"); then
    if [ -z "${2:-}" ] || "$tool" --version | grep -q "version $2\."; then
      echo "$tool"
      exit 0
    fi
  fi
done
echo "clang_tool: no $1 ${2:-} is installed; on Debian 12 scripts/setup.sh --tests installs 14, elsewhere" \
     "Python's package clang-format brings any" >&2
exit 1
