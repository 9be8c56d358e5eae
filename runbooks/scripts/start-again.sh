#!/usr/bin/env bash
# Starts again what stop-process.sh stopped: the same words in the same folder, as this user and
# with this environment.
set -euo pipefail

mapfile -d '' -t words <stopped/cmdline
folder=$(<stopped/cwd)
cd -- "$folder"
setsid nohup "${words[@]}" </dev/null >/dev/null 2>&1 &
pid=$!
sleep 0.5
if ! kill -0 "$pid" 2>/dev/null; then
  printf 'it was started and ended at once: %s\n' "${words[*]}"
  exit 1
fi
printf 'started again with pid %s: %s\n' "$pid" "${words[*]}"
