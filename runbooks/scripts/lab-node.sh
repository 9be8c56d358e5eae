#!/usr/bin/env bash
# What is done with the nodes of the lab.
#   lab-node.sh plan LAB NODE VERSION      says what a deploy would change; changes nothing
#   lab-node.sh deploy LAB NODE VERSION    takes the password of a version from the vault
#   lab-node.sh restore LAB NODE           as it was before the deploy
#   lab-node.sh version LAB NODE           prints `NODE version N`
set -euo pipefail
umask 077

task=${1:?task}
lab=${2:?lab}
name=${3:?node}
folder=$lab/nodes/$name
version=$(sed -n 's/^version=//p' "$folder/app.conf")

case $task in
  version)
    printf '%s version %s\n' "$name" "$version"
    ;;
  plan)
    printf '%s: version %s -> %s\n' "$name" "$version" "${4:?version}"
    test -r "$lab/vault/app-$4"
    ;;
  deploy)
    wanted=$(sed -n 's/^version=//p' "$lab/config/credentials.conf")
    if [[ $wanted != "${4:?version}" ]]; then
      printf 'the repository says version %s, not %s: nothing was deployed\n' "$wanted" "$4"
      exit 3
    fi
    # Twice is once: what was there before the first deploy stays the way back.
    if [[ $version != "$4" ]]; then
      cp "$folder/app.conf" "$folder/app.conf.before"
      cp "$folder/password" "$folder/password.before"
    fi
    cp "$lab/vault/app-$4" "$folder/password"
    printf 'role=app\nversion=%s\n' "$4" >"$folder/app.conf"
    printf '%s uses version %s\n' "$name" "$4"
    ;;
  restore)
    mv "$folder/app.conf.before" "$folder/app.conf"
    mv "$folder/password.before" "$folder/password"
    printf '%s uses %s again\n' "$name" "$(sed -n 's/^version=/version /p' "$folder/app.conf")"
    ;;
  *)
    printf 'unknown task %s\n' "$task"
    exit 64
    ;;
esac
