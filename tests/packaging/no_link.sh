#!/usr/bin/env bash
# no_link.sh BUILD_FOLDER - no program and no library that was built names ONNX Runtime as needed.
set -euo pipefail

count=0
while IFS= read -r -d '' file; do
  needed=$(readelf -d "$file" 2>/dev/null | grep NEEDED) || continue
  count=$((count + 1))
  if grep onnxruntime <<<"$needed"; then
    echo "$file is linked to ONNX Runtime"
    exit 1
  fi
done < <(find "$1" -type f \( -perm -u+x -o -name '*.so*' \) -size +1k -print0)
echo "$count programs and libraries, none linked to ONNX Runtime"
[ "$count" -gt 0 ]
