#!/usr/bin/env bash
# Makes the lab of the credential rotation: a database that knows one role, three nodes that use it, a
# vault with its password, and a repository that says which version of the password is in use.
#   lab-make.sh FOLDER DATABASE-SCRIPT        the administrator's password comes by standard input
set -euo pipefail
umask 077

lab=${1:?folder}
database=${2:?database script}
IFS= read -r administrator

mkdir "$lab" "$lab/vault" "$lab/nodes" "$lab/config"
head -c 18 /dev/urandom | base64 >"$lab/vault/app-1"
printf '%s\n' "$administrator" "$(<"$lab/vault/app-1")" | bash "$database" init "$lab/database"

git -C "$lab/config" init --quiet --initial-branch=main
git -C "$lab/config" config user.name lab
git -C "$lab/config" config user.email lab@localhost
git -C "$lab/config" config core.hooksPath /dev/null
git -C "$lab/config" config commit.gpgSign false
printf 'role=app\nversion=1\n' >"$lab/config/credentials.conf"
git -C "$lab/config" add credentials.conf
git -C "$lab/config" commit --quiet --message='The password of the role app, version 1'

for node in one two three; do
  mkdir "$lab/nodes/$node"
  printf 'role=app\nversion=1\n' >"$lab/nodes/$node/app.conf"
  cp "$lab/vault/app-1" "$lab/nodes/$node/password"
done
printf 'the lab has a database, three nodes and a repository\n'
