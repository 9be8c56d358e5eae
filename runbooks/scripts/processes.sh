#!/usr/bin/env bash
# Lists processes by their exact name, with age, state and command.
#   processes.sh NAME
# The first line is `count N`; none is an answer too, so the exit is 0.
set -euo pipefail
export LC_ALL=C

name=${1:?name}
lines=$(ps -C "$name" -o pid=,stat=,etime=,user=,args= || true)
count=$(grep -c . <<<"$lines" || true)
printf 'count %s\n' "$count"
if [[ -n $lines ]]; then
  printf '%s\n' "$lines"
fi
