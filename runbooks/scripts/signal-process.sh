#!/usr/bin/env bash
# Sends a signal to a process, unless its pid belongs to another one by now.
#   signal-process.sh PID STARTED SIGNAL
set -euo pipefail

pid=${1:?pid}
started=${2:?started}
signal=${3:?signal}

stat=$(cat "/proc/$pid/stat" 2>/dev/null) || {
  printf 'process %s is not there any more\n' "$pid"
  exit 3
}
read -r -a fields <<<"${stat##*) }"
if [[ ${fields[19]} != "$started" ]]; then
  printf 'pid %s belongs to another process now: nothing was sent\n' "$pid"
  exit 4
fi
kill -s "$signal" -- "$pid"
printf 'sent %s to %s\n' "$signal" "$pid"
