#!/usr/bin/env bash
# install.sh SOURCE BUILD SAMPLES_PROGRAM - what was built, installed into a folder that is moved
# afterwards, works from there: the program, and the library for other projects by CMake and
# pkg-config.
set -euo pipefail

source=$1
build=$2
fashion_mnist=$3
unset RANGEFINDER_ONNXRUNTIME
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cmake --install "$build" --prefix "$work/first" >"$work/install.log"
mv "$work/first" "$work/moved here"
prefix="$work/moved here"
find "$prefix" -type f -path '*/bin/*' -o -name '*.so*' | sort

echo '== the program'
"$prefix/bin/rangefinder" --version | tee "$work/version"
grep -qF "$prefix/lib" "$work/version" || { echo 'it uses another ONNX Runtime'; exit 1; }
"$fashion_mnist" export --count 24 --out "$work/samples" >/dev/null
"$prefix/bin/rangefinder" quantize "$source/examples/models/fashion_cnn.onnx" \
  --data "$work/samples" --samples 16 -o "$work/int8.onnx" | tail -n 3
ln -s "$prefix/bin/rangefinder" "$work/linked"
"$work/linked" --version | cmp - "$work/version"

echo '== manual page and completions'
"$prefix/bin/rangefinder" help --man | cmp - "$prefix/share/man/man1/rangefinder.1"
"$prefix/bin/rangefinder" completion bash | cmp - "$prefix/share/bash-completion/completions/rangefinder"
"$prefix/bin/rangefinder" completion fish | cmp - "$prefix/share/fish/vendor_completions.d/rangefinder.fish"
for folder in site-functions vendor-completions; do
  "$prefix/bin/rangefinder" completion zsh | cmp - "$prefix/share/zsh/$folder/_rangefinder"
done

echo '== nothing of the build is left'
for file in "$prefix"/bin/rangefinder "$prefix"/lib*/librangefinder.so.0; do
  if readelf -d "$file" | grep -E 'RPATH|RUNPATH' | grep -F "$source"; then exit 1; fi
done
if grep -rlIF -e "$source" -e "$build" "$prefix"; then exit 1; fi

echo '== what the library shows'
nm -DC --defined-only "$prefix"/lib*/librangefinder.so.0 | awk '$2 != "A"' | cut -d' ' -f3- >"$work/shown"
wc -l <"$work/shown"
if grep -vE '^((typeinfo|typeinfo name|vtable|VTT) for )?rangefinder::' "$work/shown"; then exit 1; fi

echo '== find_package'
export CMAKE_PREFIX_PATH="$prefix"
cmake -S "$source/tests/packaging/outside" -B "$work/outside" -G Ninja -DUSE=find_package \
  >"$work/cmake.log" || { cat "$work/cmake.log"; exit 1; }
cmake --build "$work/outside" >"$work/cmake.log" || { cat "$work/cmake.log"; exit 1; }
"$work/outside/outside" "$source/examples/models/fashion_cnn.onnx"

echo '== pkg-config'
pc=$(dirname "$(find "$prefix" -name rangefinder.pc)")
eval "flags=($(PKG_CONFIG_PATH="$pc" pkg-config --cflags --libs rangefinder))"
"${CXX:-c++}" -std=c++20 "$source/tests/packaging/outside/main.cc" -o "$work/by_hand" "${flags[@]}"
LD_LIBRARY_PATH=$(dirname "$pc") "$work/by_hand" "$source/examples/models/fashion_cnn.onnx"
