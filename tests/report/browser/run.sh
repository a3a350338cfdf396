#!/usr/bin/env bash
# run.sh REPORT_PAGES - makes example pages and uses them in Chromium. Without Chromium, node or what
# scripts/fetch_browser_tools.sh fetches it exits with 77, which ctest counts as skipped; in
# continuous integration (CI=true) as a failure.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)

lack() {
  echo "report.browser was not run: $1 (scripts/setup.sh --tests installs it)" >&2
  if [ "${CI:-}" = true ]; then exit 1; else exit 77; fi
}
command -v node >/dev/null || lack 'node is missing'
command -v "${CHROMIUM:-/usr/bin/chromium}" >/dev/null || lack 'Chromium is missing'
"$root/scripts/fetch_browser_tools.sh" --is-complete || lack '.deps/browser is missing'

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$1" "$work"
node "$here/report_test.mjs" "$work"
