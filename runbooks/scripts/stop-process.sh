#!/usr/bin/env bash
# Stops a process and keeps what is needed to start it again in the folder `stopped/`.
#   stop-process.sh PID STARTED
# It is asked to end and given ten seconds; it is not killed. Exit 5 if it still lives.
set -euo pipefail

pid=${1:?pid}
started=${2:?started}

stat=$(cat "/proc/$pid/stat" 2>/dev/null) || {
  printf 'process %s is not there any more\n' "$pid"
  exit 3
}
read -r -a fields <<<"${stat##*) }"
if [[ ${fields[19]} != "$started" ]]; then
  printf 'pid %s belongs to another process now: nothing was stopped\n' "$pid"
  exit 4
fi

mkdir -p stopped
cp -- "/proc/$pid/cmdline" stopped/cmdline
readlink -- "/proc/$pid/cwd" >stopped/cwd

kill -s TERM -- "$pid"
kill -s CONT -- "$pid" 2>/dev/null || true
for (( tries = 0; tries < 100; tries++ )); do
  if ! stat=$(cat "/proc/$pid/stat" 2>/dev/null); then
    printf 'process %s has ended\n' "$pid"
    exit 0
  fi
  read -r -a fields <<<"${stat##*) }"
  if [[ ${fields[0]} == Z ]]; then
    printf 'process %s has ended\n' "$pid"
    exit 0
  fi
  sleep 0.1
done
printf 'process %s was asked to end and still lives after 10 seconds\n' "$pid"
exit 5
