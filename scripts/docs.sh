#!/usr/bin/env bash
# docs.sh [PROGRAM] - builds the documentation's site in build/site, to be opened as
# build/site/index.html, without a network or a server. Fails on every warning: a link or an anchor
# that leads nowhere, a page that no menu shows, a declaration that Doxygen does not understand.
# PROGRAM (build/dev/src/cli/rangefinder) prints the reference of the command line.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
tools="$root/.deps/docs"
export RANGEFINDER="${1:-$root/build/dev/src/cli/rangefinder}"
export RANGEFINDER_CPP="$root/build/docs/html"

[ -x "$RANGEFINDER" ] || { echo "docs.sh: no program at $RANGEFINDER; build it first" >&2; exit 1; }
scripts/fetch_venv.sh docs scripts/docs_requirements.txt

# By which the search works in pages that are opened as files.
shim=$(scripts/fetch_npm.sh iframe-worker@1.0.4 \
  roeaaI+Lg1LJNfgpCjoRe/+WzEjy9+Z08LoEvu85MCPbBjwm+qXz8Ag5U05lHa6V1CysZyGzE0SOkAtSUA5q7Q==)

rm -rf build/docs build/site
mkdir -p build/docs
tar -xzOf "$shim" package/shim/index.js >build/docs/iframe-worker.js
export RANGEFINDER_SHIM="$root/build/docs/iframe-worker.js"
{ cat scripts/Doxyfile; echo 'OUTPUT_DIRECTORY = build/docs'; } | doxygen -
# Not --quiet: warnings that are not shown do not fail it.
NO_MKDOCS_2_WARNING=1 "$tools/bin/python" -m mkdocs build --strict --site-dir "$root/build/site" \
  2>build/docs/mkdocs.log || { grep -v '^INFO' build/docs/mkdocs.log; exit 1; }
rm build/site/404.html  # For servers, which say where its links start.
"$tools/bin/python" scripts/docs_links.py build/site
echo "$root/build/site/index.html"
