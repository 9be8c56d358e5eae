#!/usr/bin/env bash
# Looks at a process, told from a later one with the same pid by its start time.
#   same-process.sh PID STARTED STATE     STATE: alive, paused or gone
# Exit 0 if it is in that state, 1 if not: so it serves as `verify` and as `recheck`.
set -euo pipefail

pid=${1:?pid}
started=${2:?started}
wanted=${3:?state}

state=gone
if stat=$(cat "/proc/$pid/stat" 2>/dev/null); then
  read -r -a fields <<<"${stat##*) }"
  if [[ ${fields[19]} == "$started" ]]; then
    case ${fields[0]} in
      T) state=paused ;;
      Z | X) state=gone ;;
      *) state=alive ;;
    esac
  fi
fi
printf 'process %s is %s\n' "$pid" "$state"
[[ $state == "$wanted" ]]
