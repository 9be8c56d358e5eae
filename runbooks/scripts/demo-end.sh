#!/usr/bin/env bash
# Ends the incident of the demo: every process that runs a script, a paused one too.
#   demo-end.sh SCRIPT
set -euo pipefail

script=${1:?script}

ended=0
for process in /proc/[0-9]*; do
  # Processes may vanish while they are looked at; that is no error here.
  { mapfile -d '' -t words <"$process/cmdline"; } 2>/dev/null || continue
  if [[ ${words[0]-} == *bash && ${words[1]-} == "$script" ]]; then
    kill -s KILL -- "${process#/proc/}"
    ended=$((ended + 1))
  fi
done
if (( ended == 0 )); then
  printf 'the incident was over already\n'
else
  printf 'the incident is over\n'
fi
