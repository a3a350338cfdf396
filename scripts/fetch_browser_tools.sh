#!/usr/bin/env bash
# fetch_browser_tools.sh [--is-complete] - puts what tests/report/browser drives Chromium with into
# .deps/browser/node_modules, once for each content of this list: playwright-core (Apache-2.0) and
# axe-core (MPL-2.0). Chromium and node are Debian's. With --is-complete it fetches nothing and says by
# its exit code whether all is there.
set -euo pipefail

# The last playwright-core that Debian 12's node can run.
packages='playwright-core@1.61.0 caX7TrY3Ml6egyDX0WUcTHDxodl/b51y5wJOdCEA36QviK/s2g081hvmGs8eaE3DWb6NYZQ6BjO/QkNRPenoPA==
axe-core@4.14.1 FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ=='

root=$(cd "$(dirname "$0")/.." && pwd)
target="$root/.deps/browser"

if [ "$(cat "$target/packages.txt" 2>/dev/null)" = "$packages" ]; then exit 0; fi
if [ "${1:-}" = --is-complete ]; then exit 1; fi

mkdir -p "$root/.deps"
partial=$(mktemp -d "$target.XXXXXX")
trap 'rm -rf "$partial"' EXIT
while read -r package integrity; do
  archive=$("$root/scripts/fetch_npm.sh" "$package" "$integrity")
  folder="$partial/node_modules/${package%@*}"
  mkdir -p "$folder"
  tar -xzf "$archive" -C "$folder" --no-same-owner --strip-components=1
done <<<"$packages"
echo "$packages" >"$partial/packages.txt"
chmod 755 "$partial"
rm -rf "$target"
mv "$partial" "$target"
