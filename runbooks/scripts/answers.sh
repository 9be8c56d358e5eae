#!/usr/bin/env bash
# Tries to reach a TCP port, with the shell alone: a connection within SECONDS is an answer. After a
# try that failed it waits a second, TRIES times in all.
#   answers.sh HOST PORT SECONDS TRIES
# Exit 0 if it answers, 1 if it refuses, 124 if nothing came in time.
set -euo pipefail

host=${1:?host}
port=${2:?port}
seconds=${3:?seconds}
tries=${4:?tries}

for (( try = 1; try <= tries; try++ )); do
  if (( try > 1 )); then sleep 1; fi
  status=0
  timeout "$seconds" bash -c 'exec 3<>"/dev/tcp/$1/$2"' probe "$host" "$port" 2>/dev/null || status=$?
  case $status in
    0)
      printf '%s port %s answers\n' "$host" "$port"
      exit 0
      ;;
    124) printf '%s port %s: nothing came within %s s\n' "$host" "$port" "$seconds" ;;
    *) printf '%s port %s refuses the connection\n' "$host" "$port" ;;
  esac
done
exit "$status"
