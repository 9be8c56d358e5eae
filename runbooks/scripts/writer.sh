#!/usr/bin/env bash
# Prints which process holds a file open for writing, from /proc alone.
#   writer.sh FILE
# Exit 1 if there is none that this user may see. Of several the oldest comes first: the others
# are often its children. `started` tells a process from a later one that gets the same pid.
set -euo pipefail
export LC_ALL=C

file=$(realpath -- "${1:?file}")

holders() {
  local link process flags stat fields
  for link in /proc/[0-9]*/fd/*; do
    [[ $link -ef $file ]] || continue
    process=${link%/fd/*}
    # The last digit of the flags is the access mode: 0 reads, 1 writes, 2 does both.
    flags=$(awk '$1 == "flags:" { print $2 }' "$process/fdinfo/${link##*/}" 2>/dev/null) || continue
    [[ $flags == *[12] ]] || continue
    # After the name in brackets, which may hold blanks, the start time is the 20th field.
    stat=$(cat "$process/stat" 2>/dev/null) || continue
    read -r -a fields <<<"${stat##*) }"
    printf '%s %s\n' "${fields[19]}" "${process#/proc/}"
  done
}

found=$(holders | sort -un)
if [[ -z $found ]]; then
  printf 'no process that this user may see holds %s open for writing\n' "$file"
  exit 1
fi
while read -r started pid; do
  command=$(tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline") || continue
  user=$(stat -c %U "/proc/$pid" 2>/dev/null) || continue
  printf 'pid      %s\nstarted  %s\nuser     %s\ncommand  %s\n\n' "$pid" "$started" "$user" "$command"
done <<<"$found"
