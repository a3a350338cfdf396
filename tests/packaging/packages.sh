#!/usr/bin/env bash
# packages.sh BUILD OUT - makes both packages of a build into the folder OUT, and tells what is in
# them and what they need.
set -euo pipefail

build=$(realpath "$1")
mkdir -p "$2"
out=$(realpath "$2")

rm -f "$out"/rangefinder*
(cd "$build" && cpack -B "$out" >"$out/cpack.log" 2>&1) || { tail -n 30 "$out/cpack.log"; exit 1; }
rm -rf "$out/_CPack_Packages"
archive=$(ls "$out"/rangefinder-*.tar.gz)
package=$(ls "$out"/rangefinder_*.deb)

echo "== $(basename "$archive"), $(stat -c %s "$archive") bytes"
tar -tzf "$archive" | grep -vE '/$|/share/doc/|/include/'
echo "== $(basename "$package"), $(stat -c %s "$package") bytes"
dpkg-deb -f "$package" Depends
dpkg-deb -c "$package" | awk '{ print $6, $7, $8 }' | grep -vE '/ |/share/doc/|/include/'

# Every library that the archive's program needs is in it or is one that every system has.
tar -xzf "$archive" -C "$out" --one-top-level=rangefinder-unpacked --strip-components=1
trap 'rm -rf "$out/rangefinder-unpacked"' EXIT
for file in "$out"/rangefinder-unpacked/{bin/rangefinder,lib*/librangefinder.so.0}; do
  if ldd "$file" | grep -vE "$out/rangefinder-unpacked|linux-vdso|ld-linux|lib(c|m|dl|rt|pthread|gcc_s|stdc\+\+)\.so"; then
    echo "$file needs more than it brings"
    exit 1
  fi
done
echo "newest version of the C library that is asked for:" \
  "$(objdump -T "$out"/rangefinder-unpacked/{bin/rangefinder,lib/rangefinder/*.so*} 2>/dev/null |
     grep -oE 'GLIBC_2\.[0-9]+' | sort -uV | tail -n 1)"
