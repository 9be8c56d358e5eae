#!/usr/bin/env bash
# A stand-in for a database with one role. It keeps salted digests of passwords, and takes passwords by
# standard input alone, a line each, the administrator's first:
#   lab-database.sh init FOLDER      administrator, role      begins
#   lab-database.sh add FOLDER       administrator, new       a second password is valid beside the first
#   lab-database.sh remove FOLDER    administrator, new       it is valid no more
#   lab-database.sh keep FOLDER      administrator, new       only this one stays valid
#   lab-database.sh login FOLDER     role                     exit 0 if it is valid, 1 if not
set -euo pipefail
umask 077

task=${1:?task}
folder=${2:?folder}

digest() {
  printf '%s %s' "$1" "$2" | sha256sum | cut -d ' ' -f 1
}

# Whether a password is among those of a file, each with its salt.
known() {
  local salt sum
  while read -r salt sum; do
    if [[ $(digest "$salt" "$2") == "$sum" ]]; then return 0; fi
  done <"$folder/$1"
  return 1
}

entry() {
  local salt
  salt=$(head -c 9 /dev/urandom | base64)
  printf '%s %s\n' "$salt" "$(digest "$salt" "$1")"
}

IFS= read -r first
if [[ $task == login ]]; then
  if known app "$first"; then
    printf 'the password is valid\n'
    exit 0
  fi
  printf 'the password is not valid\n'
  exit 1
fi
IFS= read -r second
if [[ $task == init ]]; then
  mkdir "$folder"
  entry "$first" >"$folder/administrator"
  entry "$second" >"$folder/app"
  exit 0
fi
if ! known administrator "$first"; then
  printf 'the administrator is not known by that password\n'
  exit 2
fi
case $task in
  add)
    known app "$second" || entry "$second" >>"$folder/app"
    ;;
  keep)
    known app "$second" || { printf 'that password is not valid: nothing was dropped\n'; exit 3; }
    entry "$second" >"$folder/app.next"
    mv "$folder/app.next" "$folder/app"
    ;;
  remove)
    while read -r salt sum; do
      if [[ $(digest "$salt" "$second") != "$sum" ]]; then printf '%s %s\n' "$salt" "$sum"; fi
    done <"$folder/app" >"$folder/app.next"
    test -s "$folder/app.next" || { printf 'it is the only valid one: nothing was removed\n'; exit 3; }
    mv "$folder/app.next" "$folder/app"
    ;;
  *)
    printf 'unknown task %s\n' "$task"
    exit 64
    ;;
esac
printf 'valid passwords of the role app: %s\n' "$(wc -l <"$folder/app")"
