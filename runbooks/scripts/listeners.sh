#!/usr/bin/env bash
# Prints who listens on a TCP port of this machine: with `ss` where it is, else from /proc/net.
#   listeners.sh PORT
# The first line is `listening yes` or `listening no`; it is an answer, so the exit is 0 for both.
set -euo pipefail
export LC_ALL=C

port=${1:?port}

if command -v ss >/dev/null; then
  lines=$(ss -Hltnp "sport = :$port")
else
  # Local address and port are the second field, in hexadecimal; state 0A listens.
  hex=$(printf '%04X' "$port")
  lines=$(
    cat /proc/net/tcp /proc/net/tcp6 2>/dev/null |
      awk -v port=":$hex" '$4 == "0A" && substr($2, length($2) - 4) == port { print "inode", $10 }'
  )
fi
if [[ -z $lines ]]; then
  printf 'listening no\n'
else
  printf 'listening yes\n%s\n' "$lines"
fi
