#!/bin/sh
# A database of its own, with a role for the shop; run as somebody who is not root.
# BIN has PostgreSQL's programs, DATA is the cluster's folder.
set -eu
PATH="$BIN:/usr/sbin:/usr/bin:/sbin:/bin"
cd "$DATA"
as() {
  if [ "$(id -u)" = 0 ]; then runuser -u "$OWNER" -- "$@"; else "$@"; fi
}
sql() {
  as psql -X -h "$DATA" -U keeper -d postgres -v ON_ERROR_STOP=1 -Atqc "$1"
}
case "$1" in
  start)
    as initdb -D "$DATA/cluster" -U keeper -A trust -E UTF8 --locale=C --no-sync
    as pg_ctl -D "$DATA/cluster" -w -t 120 -l "$DATA/log" -o "-c listen_addresses='' -c fsync=off -k $DATA" start
    sql "create role shop login"
    ;;
  stop) as pg_ctl -D "$DATA/cluster" -m immediate stop ;;
  probe) as psql -X -h "$DATA" -U shop -d postgres -Atqc "select 'the shop is in'" ;;
  roles) sql "select rolname, rolcanlogin from pg_roles where rolname !~ '^pg_' order by 1" | tr '|' ' ' ;;
  lock-out) sql "alter role shop nologin"; if [ -p "$HOME/pipe" ]; then echo locked; cat "$HOME/pipe"; fi ;;
  let-in) sql "alter role shop login" ;;
  is-locked-out) [ "$(sql "select rolcanlogin from pg_roles where rolname = 'shop'")" = f ] ;;
esac
