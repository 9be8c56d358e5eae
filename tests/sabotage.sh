#!/usr/bin/env bash
# Builds the program broken in one way after the other and wants a test to fail each time: a suite
# that stays green over a broken guarantee proves nothing.
set -euo pipefail
cd "$(dirname "$0")/.."

# What is broken, and where a test must see it.
sabotages=(
  'any-namespace|a signature for something else counts as an agreement|--test approval'
  'early-start|a command starts before its start is recorded|--test session'
  'group-only|a stop reaches no further than the process group of a command|--test process'
  'part-trust|what a trusted runbook brings may change|--test cli -- trust'
  'piecemeal|each piece of output is masked by itself|--lib value::'
  'rerun|a change whose end nobody saw is run again|--test engine'
  'self-approval|a responder agrees with themselves|--test approval'
  'unbound|an agreement to one command starts another|--test engine'
  'unchecked|a changed record is read as if it were whole|--lib journal::'
  'unfiltered|what a terminal obeys is shown as it is|--lib console::'
  'unsynced|a record counts as durable that was never synced|--lib journal::'
)
missed=0
for sabotage in "${sabotages[@]}"; do
  IFS='|' read -r feature what where <<<"$sabotage"
  if (( $# > 0 )) && [[ " $* " != *" $feature "* ]]; then continue; fi
  # The build alone: what does not compile was not caught by a test.
  build=${where%% *::}
  build=${build%% -- *}
  # shellcheck disable=SC2086 # two words
  cargo test --locked --quiet --features "sabotage-$feature" --no-run $build
  # shellcheck disable=SC2086
  if output=$(cargo test --locked --features "sabotage-$feature" $where 2>&1); then
    printf 'MISSED  %s: %s\n' "$feature" "$what"
    missed=1
  else
    red=$(grep -E '^test .* \.\.\. FAILED$' <<<"$output" | cut -d' ' -f2 || true)
    if [[ -z $red ]]; then
      printf '%s\n' "$output"
      exit 1
    fi
    printf 'caught  %s: %s\n' "$feature" "$what"
    sed 's/^/        /' <<<"$red"
  fi
done
exit "$missed"
