#!/usr/bin/env bash
# Copies the last lines of a log into a file of the run's own folder.
#   keep-end.sh LOG FILE
set -euo pipefail

log=${1:?log}
file=${2:?file}

tail -n 2000 -- "$log" >"$file"
printf 'kept %s lines of %s in %s\n' "$(wc -l <"$file")" "$log" "$PWD/$file"
