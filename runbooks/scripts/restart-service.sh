#!/usr/bin/env bash
# Restarts a service by its control script, the one that takes start, stop and restart.
#   restart-service.sh CONTROL
set -euo pipefail

control=${1:?control}

if [[ ! -r $control ]]; then
  printf 'there is no readable control script %s: nothing was done\n' "$control"
  exit 3
fi
if [[ -x $control ]]; then
  exec "$control" restart
fi
exec sh "$control" restart
