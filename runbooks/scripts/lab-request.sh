#!/usr/bin/env bash
# A stand-in for pull requests: a branch of the lab's repository that is held until somebody merges it.
#   lab-request.sh open LAB VERSION       a branch that raises the version
#   lab-request.sh close LAB VERSION      the branch is gone
#   lab-request.sh checks LAB VERSION     prints `pending` for a few seconds, then `passed` or `failed`
#   lab-request.sh merge LAB VERSION      it is what the nodes are deployed from
#   lab-request.sh revert LAB VERSION     the merge is undone by a commit of its own
set -euo pipefail

task=${1:?task}
repository=${2:?lab}/config
version=${3:?version}
branch=rotate-$version

case $task in
  open)
    git -C "$repository" checkout --quiet -b "$branch" main
    sed -i "s/^version=.*/version=$version/" "$repository/credentials.conf"
    git -C "$repository" commit --quiet --all --message="The password of the role app, version $version"
    git -C "$repository" checkout --quiet main
    printf 'request %s is open\n' "$branch"
    ;;
  close)
    git -C "$repository" branch --quiet -D "$branch"
    printf 'request %s is closed\n' "$branch"
    ;;
  checks)
    age=$(($(date +%s) - $(git -C "$repository" log -1 --format=%ct "$branch")))
    if (( age < 5 )); then
      printf 'pending\n'
    elif git -C "$repository" show "$branch:credentials.conf" | grep -qx "version=$version"; then
      printf 'passed\n'
    else
      printf 'failed\n'
    fi
    ;;
  merge)
    git -C "$repository" merge --quiet --no-ff --message="Merge $branch" "$branch"
    printf 'request %s is merged\n' "$branch"
    ;;
  revert)
    git -C "$repository" revert --no-edit --mainline 1 HEAD >/dev/null
    printf 'the merge of %s is reverted\n' "$branch"
    ;;
  *)
    printf 'unknown task %s\n' "$task"
    exit 64
    ;;
esac
