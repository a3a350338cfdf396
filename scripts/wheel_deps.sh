#!/usr/bin/env bash
# wheel_deps.sh FOLDER - puts what wheels link statically into FOLDER, once: libprotobuf-lite and libzip
# as position-independent archives, built from source packages of Debian 12 (elsewhere: of the release
# that runs here; its own archives are not position-independent), onnx-ml.proto of the release that Debian's libonnx-dev is,
# and the licences of all that a wheel holds.
set -euo pipefail

folder=$(mkdir -p "$1" && cd "$1" && pwd)
onnx_wheel=onnx-1.12.0-cp310-cp310-manylinux_2_17_x86_64.manylinux2014_x86_64.whl
onnx_hash=9fd2f4e23078df197bb76a59b9cd8f5a43a6ad2edc035edb3ecfb9042093e05a

if [ -e "$folder/complete" ]; then exit 0; fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

# Without a change to the machine's list of package sources.
mkdir -p lists/partial parts
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -v security | head -n 1)
# One release of Debian whichever runs here, so that all wheels hold the same.
suite=$(. /etc/os-release && if [ "$ID" = debian ]; then echo 'bookworm main'; else echo "$VERSION_CODENAME main universe"; fi)
echo "deb-src $mirror $suite" >parts/sources.list
apt=(-q -o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts="$work/parts" -o Dir::State::lists="$work/lists"
     -o APT::Sandbox::User="$(id -un)")
apt-get "${apt[@]}" update >/dev/null
apt-get "${apt[@]}" source --download-only protobuf libzip >/dev/null
# What protoc makes here must be what this library reads.
version=$(protoc --version | cut -d ' ' -f 2)
[ -e "protobuf_${version#3.}.orig.tar.gz" ] || [ -e "protobuf_$version.orig.tar.gz" ] ||
  { echo "wheel_deps: protoc is $version, but the sources are $(echo protobuf_*.orig.tar.*)" >&2; exit 1; }
for archive in *.orig.tar.*; do tar -xf "$archive"; done

# build SOURCE [OPTION OF CMAKE...]
build() {
  cmake -S "$1" -B "build-$1" -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_POSITION_INDEPENDENT_CODE=ON \
    -DCMAKE_CXX_VISIBILITY_PRESET=hidden -DCMAKE_C_VISIBILITY_PRESET=hidden -DBUILD_SHARED_LIBS=OFF "${@:2}"
}
protobuf=$(echo protobuf-*/)
zip=$(echo libzip-*/)
build "${protobuf%/}" -Dprotobuf_BUILD_TESTS=OFF -Dprotobuf_BUILD_PROTOC_BINARIES=OFF -Dprotobuf_WITH_ZLIB=OFF
cmake --build "build-${protobuf%/}" --target libprotobuf-lite
# Of glibc 2.36 on, and only for encryption: not to be asked for on older systems.
build "${zip%/}" -DHAVE_ARC4RANDOM=OFF -DENABLE_{COMMONCRYPTO,GNUTLS,MBEDTLS,OPENSSL,WINDOWS_CRYPTO,BZIP2,LZMA,ZSTD}=OFF \
  -DBUILD_{TOOLS,REGRESS,EXAMPLES,DOC}=OFF
cmake --build "build-${zip%/}" --target zip

mkdir -p "$folder/lib" "$folder/include" "$folder/proto"
cp "build-${protobuf%/}/libprotobuf-lite.a" "build-${zip%/}/lib/libzip.a" "$folder/lib/"
cp "${zip%/}/lib/zip.h" "build-${zip%/}/zipconf.h" "$folder/include/"

python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: --implementation cp \
  --python-version 3.10 --abi cp310 --platform manylinux_2_17_x86_64 --dest "$work" onnx==1.12.0
sha256sum --quiet -c <<<"$onnx_hash  $onnx_wheel"
python3 -m zipfile -e "$onnx_wheel" wheel
mkdir -p "$folder/proto/onnx"
cp wheel/onnx/onnx-ml.proto "$folder/proto/onnx/"
# Of all that a wheel holds, also of what auditwheel puts into it.
mkdir -p "$folder/licenses"
for package in libprotobuf libzip libonnx libhwy libfmt libtbb libjpeg62-turbo libpng libwebp nlohmann-json3 libflatbuffers; do
  cp "/usr/share/doc/$package-dev/copyright" "$folder/licenses/$package.txt"
done
touch "$folder/complete"
