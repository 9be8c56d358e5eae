#!/usr/bin/env bash
# Lists rotated logs below a folder that no process holds open and that are not compressed yet.
#   old-logs.sh FOLDER [none]
# The last lines are `files` and `kib`, the sum of what they take. With `none` it fails if there is
# one, and so serves as `verify`.
set -euo pipefail
export LC_ALL=C

folder=$(realpath -- "${1:?folder}")
held=$(find /proc/[0-9]*/fd -lname "$folder/*" -printf '%l\n' 2>/dev/null || true)

files=0
kib=0
while IFS=$'\t' read -r -d '' size file; do
  grep -qxF -- "$file" <<<"$held" && continue
  printf '%8d KiB  %s\n' "$size" "$file"
  files=$(( files + 1 ))
  kib=$(( kib + size ))
done < <(
  find -P "$folder" -xdev -type f \( -name '*.log.[0-9]*' -o -name '*.log-[0-9]*' \) \
    ! -name '*.gz' ! -name '*.xz' ! -name '*.zst' ! -name '*.bz2' -printf '%k\t%p\0' 2>/dev/null
)
printf 'files  %d\nkib    %d\n' "$files" "$kib"
[[ ${2:-any} != none || $files == 0 ]]
