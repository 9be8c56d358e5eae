#!/usr/bin/env bash
# Two builds of the same commit, in two folders of different lengths, are the same bytes.
#
#   tests/reproducible.sh
#
# The release profile without optimisation across crates, which takes most of the time of a release
# build; SUREFOOT_LTO=thin builds it as it is released.
set -euo pipefail
cd "$(dirname "$0")/.."

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cargo_home=${CARGO_HOME:-$HOME/.cargo}
for folder in one a-longer-name/two; do
  copy=$scratch/$folder
  mkdir -p "$copy"
  git archive HEAD | tar -x -C "$copy"
  (
    cd "$copy"
    # Texts of panics hold paths of sources, which differ from machine to machine.
    export RUSTFLAGS="--remap-path-prefix=$copy=surefoot --remap-path-prefix=$cargo_home=cargo"
    export CARGO_TARGET_DIR="$copy/target"
    CARGO_PROFILE_RELEASE_LTO=${SUREFOOT_LTO:-off} cargo build --release --locked --quiet
  )
  sha256sum "$copy/target/release/surefoot" | tee -a "$scratch/digests"
done
if (( $(cut -d' ' -f1 "$scratch/digests" | sort -u | wc -l) != 1 )); then
  echo 'the builds differ' >&2
  exit 1
fi
if grep -qF -e "$scratch" -e "$cargo_home" "$scratch/one/target/release/surefoot"; then
  echo 'the build holds paths of this machine' >&2
  exit 1
fi
echo 'the same'
