#!/usr/bin/env bash
# fetch_python_tools.sh [--is-complete] - what the Python package is built and tested with, in
# .deps/python (scripts/fetch_venv.sh).
set -euo pipefail
exec "$(dirname "$0")/fetch_venv.sh" python python/tests/requirements.txt "$@"
