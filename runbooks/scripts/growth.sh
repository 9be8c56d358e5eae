#!/usr/bin/env bash
# Prints what grows below a folder: bytes a second over a few seconds, the fastest file first.
#   growth.sh FOLDER SECONDS
# The first lines are `rate` (of all files together) and `fastest`, then one line a growing file.
set -euo pipefail
export LC_ALL=C

folder=${1:?folder}
seconds=${2:?seconds}

sizes() {
  # Files may vanish while they are listed; that is no error here.
  find -P "$folder" -xdev -type f -printf '%s\t%p\n' 2>/dev/null || true
}

before=$(sizes)
sleep "$seconds"
after=$(sizes)

growth=$(
  awk -F '\t' -v seconds="$seconds" '
    NR == FNR { if (NF > 1) size[$2] = $1; next }
    NF > 1 && $1 > size[$2] { printf "%d\t%s\n", ($1 - size[$2]) / seconds, $2 }
  ' <(printf '%s\n' "$before") <(printf '%s\n' "$after") | sort -rn
)

total=$(awk -F '\t' '{ total += $1 } END { print total + 0 }' <<<"$growth")
printf 'rate     %s bytes/s\n' "$total"
if [[ -z $growth ]]; then
  printf 'fastest  -\n'
  exit 0
fi
IFS=$'\t' read -r _ fastest <<<"$growth"
printf 'fastest  %s\n\n' "$fastest"
awk -F '\t' 'NR <= 10 { printf "%10d bytes/s  %s\n", $1, $2 }' <<<"$growth"
