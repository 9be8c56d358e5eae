#!/usr/bin/env bash
# Fuzzes one target of tests/fuzz/targets, led by what the program covers, with a stable compiler.
#
#   tests/fuzz.sh TARGET [SECONDS]
#
# What it learns is kept in target/fuzz/corpus/TARGET and used again; an input that breaks a promise
# is left in target/fuzz/found. Needs a C++ compiler, which builds libFuzzer.
set -euo pipefail
cd "$(dirname "$0")/.."

target=${1:?"usage: tests/fuzz.sh TARGET [SECONDS]"}
seconds=${2:-60}
host=$(rustc -vV | sed -n 's/^host: //p')
built=${CARGO_TARGET_DIR:-target}
out=$built/fuzz
corpus=$out/corpus
mkdir -p "$corpus/$target" "$out/found"

cargo test --locked --quiet --test fuzz write_seeds -- --ignored > "$out/seeds.log"

# What `-C instrument-coverage` of nightly's `-Z sanitizer` sets up, by options that stable has.
RUSTFLAGS="--cfg fuzzing -C passes=sancov-module
  -C llvm-args=-sanitizer-coverage-level=4 -C llvm-args=-sanitizer-coverage-inline-8bit-counters
  -C llvm-args=-sanitizer-coverage-pc-table -C llvm-args=-sanitizer-coverage-trace-compares"
RUSTFLAGS=$(tr '\n' ' ' <<< "$RUSTFLAGS") \
  cargo build --locked --release --quiet --manifest-path tests/fuzz/Cargo.toml --target "$host" --target-dir "$out/build"

FUZZ_TARGET=$target exec "$out/build/$host/release/surefoot-fuzz" "$corpus/$target" "$built/tmp/fuzz-seeds/$target" \
  -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 -max_len=16384 \
  -artifact_prefix="$out/found/$target-" -print_final_stats=1
