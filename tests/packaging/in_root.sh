#!/usr/bin/env bash
# in_root.sh SUITE PACKAGES_FOLDER SAMPLES - the packages in a fresh root of a Debian release, made by
# debootstrap (kept as an archive in the user's cache): unpacked, moved, and put to the main job; the
# .deb is installed with what it depends on. Needs root.
set -euo pipefail

suite=$1
packages=$(realpath "$2")
samples=$(realpath "$3")
source=$(cd "$(dirname "$0")/../.." && pwd)
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -v security | head -n 1)
kept="${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/rangefinder/root-$suite.tar.gz"
work=$(mktemp -d)
trap 'rm -rf --one-file-system "$work"' EXIT
root="$work/root"
mkdir "$root"

if [ ! -e "$kept" ]; then
  mkdir -p "$(dirname "$kept")"
  debootstrap --variant=minbase "$suite" "$work/new" "$mirror" >"$work/log" 2>&1 ||
    { tail -n 20 "$work/log"; exit 1; }
  tar -czf "$work/new.tar.gz" -C "$work/new" .
  rm -rf "$work/new"
  mv "$work/new.tar.gz" "$kept"
fi
tar -xzf "$kept" -C "$root"
mkdir "$root/job"
cp -r "$samples" "$root/job/samples"
cp "$source/examples/models/fashion_cnn.onnx" "$source/tests/packaging/main_job.sh" "$packages"/rangefinder* "$root/job/"

# In a mount namespace of its own, so that nothing stays mounted whatever happens.
inside() {
  unshare --mount sh -c 'mount -t proc proc "$0/proc"; exec chroot "$0" "$@"' "$root" "$@"
}

echo "== $(. "$root/etc/os-release"; echo "$PRETTY_NAME"): the archive"
if inside sh -c 'command -v c++ || command -v cmake || command -v python3'; then exit 1; fi
inside sh -euc '
  mkdir /first && tar -xzf /job/rangefinder-*.tar.gz -C /first
  mkdir /opt/moved && mv /first/rangefinder-* "/opt/moved/range finder"
  sh /job/main_job.sh "/opt/moved/range finder/bin/rangefinder" /job/fashion_cnn.onnx /job/samples
  rm -r /opt/moved'
# Its dependencies are those of the release it was made on.
if [ "$suite" != "$(. /etc/os-release; echo "$VERSION_CODENAME")" ]; then exit 0; fi

echo "== $suite: the .deb"
[ ! -e /etc/resolv.conf ] || cp --remove-destination /etc/resolv.conf "$root/etc/resolv.conf"
cp /etc/hosts "$root/etc/hosts"
inside sh -euc '
  apt-get -q update >/dev/null
  DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends \
    /job/rangefinder_*.deb >/tmp/log 2>&1 || { tail -n 20 /tmp/log; exit 1; }
  sh /job/main_job.sh rangefinder /job/fashion_cnn.onnx /job/samples'
