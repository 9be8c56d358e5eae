#!/usr/bin/env bash
# The incident of the demo: a program that fills a folder. It writes 16 KiB a second into
# FOLDER/app.log and stops by itself after ten minutes.
#   demo-incident.sh FOLDER
set -euo pipefail

folder=${1:?folder}
line=$(printf 'cache miss, retrying without back-off %.0s' {1..26})

exec 3>>"$folder/app.log"
for (( tick = 0; tick < 1200; tick++ )); do
  for (( i = 0; i < 8; i++ )); do
    printf '%(%FT%T)T WARN %s\n' -1 "$line" >&3
  done
  sleep 0.5 3>&-
done
