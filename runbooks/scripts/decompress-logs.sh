#!/usr/bin/env bash
# Undoes compress-logs.sh: decompresses what `compressed.list` names and is compressed. Where the
# original is still there, it was not finished and there is nothing to undo.
set -euo pipefail

while IFS= read -r -d '' file; do
  if [[ -e $file.gz && ! -e $file ]]; then
    gzip -d -- "$file.gz"
    printf 'decompressed %s\n' "$file"
  fi
done <compressed.list
