#!/usr/bin/env bash
# kernel_report.sh - compiles the CUDA kernels for each architecture and prints what the assembler says
# of them: registers, shared memory, spills. Exit code 1 if any kernel spills. No GPU is needed.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
nvcc=${NVCC:-$root/.deps/nvcc/cuda/bin/nvcc}
[ -x "$nvcc" ] || "$root/scripts/fetch_nvcc.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
architectures=$(sed -n 's/^set(RANGEFINDER_CUDA_ARCHITECTURES \(.*\))$/\1/p' "$root/cmake/CudaKernels.cmake")

codes=()
for architecture in $architectures; do
  codes+=(-gencode "arch=compute_$architecture,code=sm_$architecture")
done
"$nvcc" -O3 -std=c++17 --fmad=false "${codes[@]}" -Xptxas -v -I "$root/src" -fatbin \
  "$root/src/cuda/kernels.cu" -o "$work/kernels.fatbin" 2>"$work/log"

awk '
  /Compiling entry function/ { kernel = $7; gsub(/\047/, "", kernel); architecture = $9; gsub(/\047/, "", architecture) }
  /bytes spill stores/ { spills = $5 + $9 }
  /Used [0-9]+ registers/ {
    for (i = 1; i < NF; ++i) {
      if ($(i + 1) ~ /^registers/) registers = $i
      if ($(i + 2) ~ /^smem/) shared = $i
    }
    printf "%-32s %-8s %3d registers %6d bytes shared %3d bytes spilled\n", kernel, architecture, registers, shared, spills
    spilled += spills; ++kernels; shared = 0
  }
  END {
    if (kernels == 0) { print "no kernel found" > "/dev/stderr"; exit 1 }
    printf "%d kernels, %d bytes spilled\n", kernels, spilled
    exit spilled != 0
  }' "$work/log"
