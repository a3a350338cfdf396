#!/usr/bin/env bash
# Installs what the build needs and is not there yet (with --tests: also what the tests need), and
# fetches ONNX Runtime. Run again, it does nothing. Uses sudo when not root.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
kinds='build'
fetches=(fetch_onnxruntime)
if [ "${1:-}" = --tests ]; then
  kinds='build|test'
  fetches=('fetch_onnxruntime --tests' fetch_ocr_models fetch_python_tools fetch_nvcc
           fetch_browser_tools)
fi

# fetch SCRIPT [OPTION...], in one word as in the list above.
fetch() {
  local words
  read -ra words <<<"$1"
  "$root/scripts/${words[0]}.sh" "${words[@]:1}" "${@:2}"
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# Each of these takes names with "|" between them: any one will do.
is_installed() {
  local name
  for name in ${1//|/ }; do
    if [ "$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null)" = installed ]; then
      return 0
    fi
  done
  return 1
}
first_available() {
  local name
  for name in ${1//|/ }; do
    if apt-cache show "$name" >/dev/null 2>&1; then break; fi
  done
  echo "$name"
}

missing=()
while read -r package; do
  is_installed "$package" || missing+=("$package")
done < <(awk -v kinds="^($kinds)\$" '$1 ~ kinds { print $2 }' "$root/scripts/packages.txt")

# npm and pip are there to fetch archives: not needed once they are unpacked, and any will do.
all_fetched=true
for what in "${fetches[@]}"; do
  fetch "$what" --is-complete || all_fetched=false
done
if ! $all_fetched; then
  command -v npm >/dev/null || missing+=(npm)
  python3 -m pip --version >/dev/null 2>&1 || missing+=(python3-pip)
fi

if [ ${#missing[@]} -gt 0 ]; then
  if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null; then
    echo "setup: these Debian packages are missing and there is no sudo to install them" >&2
    exit 1
  fi
  as_root apt-get -q -o Acquire::Retries=3 update
  for i in "${!missing[@]}"; do missing[i]=$(first_available "${missing[i]}"); done
  echo "setup: installing ${missing[*]}"
  as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get -q -o Acquire::Retries=3 install -y --no-install-recommends "${missing[@]}"
fi

for what in "${fetches[@]}"; do fetch "$what"; done
