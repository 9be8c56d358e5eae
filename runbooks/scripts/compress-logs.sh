#!/usr/bin/env bash
# Compresses the rotated logs below a folder that no process holds open, one at a time; what it did
# stands in `compressed.list`, a path a line ended by NUL, for decompress-logs.sh.
#   compress-logs.sh FOLDER
set -euo pipefail
export LC_ALL=C

folder=$(realpath -- "${1:?folder}")
held=$(find /proc/[0-9]*/fd -lname "$folder/*" -printf '%l\n' 2>/dev/null || true)

: >>compressed.list
count=0
while IFS= read -r -d '' file; do
  if grep -qxF -- "$file" <<<"$held"; then
    printf 'left, a process holds it open: %s\n' "$file"
    continue
  fi
  # Listed first: whatever happens after it, the undo knows of the file. gzip removes the original
  # only when the compressed file is complete.
  printf '%s\0' "$file" >>compressed.list
  gzip -- "$file"
  printf 'compressed %s\n' "$file"
  count=$(( count + 1 ))
done < <(
  find -P "$folder" -xdev -type f \( -name '*.log.[0-9]*' -o -name '*.log-[0-9]*' \) \
    ! -name '*.gz' ! -name '*.xz' ! -name '*.zst' ! -name '*.bz2' -print0 2>/dev/null
)
printf '%d compressed\n' "$count"
