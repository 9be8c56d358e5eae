# `just` lists the recipes; each is one plain command, so that nothing here is needed to work.

default:
    @just --list

# The quickest look: does it compile?
check:
    cargo check --all-targets --locked

# All tests; a name runs only what matches it.
test *filter:
    cargo test --locked {{filter}}

# Are broken guarantees caught? Builds that are broken on purpose, each of which must turn a test red.
sabotage *names:
    tests/sabotage.sh {{names}}

# Two builds of one commit are the same bytes.
reproducible:
    tests/reproducible.sh

# Look for bytes that break a promise, led by coverage: one of the targets in tests/fuzz/targets.
fuzz target seconds="60":
    tests/fuzz.sh {{target}} {{seconds}}

# The record under fire for hours: kills, power cuts, failing calls (docs/reliability.md). As root for all of it.
reliability *filter:
    cargo test --locked --test reliability --test supervisor --test walk -- --ignored --nocapture {{filter}}

fmt:
    cargo fmt

lint:
    cargo fmt --check
    cargo clippy --all-targets --locked -- -D warnings

# Licences, sources and banned packages.
deny:
    cargo deny check bans licenses sources

# Validate the runbooks of this repository.
runbooks:
    cargo run --locked --quiet -- check runbooks

# One static binary for Linux on x86-64: starts faster, and needs nothing of the machine.
static:
    cargo build --release --locked --target x86_64-unknown-linux-gnu --config .cargo/static.toml

# How long a walk costs beside its commands.
bench:
    cargo bench --locked

# Rewrite the expected outputs of the tests from what the program says now; read the difference.
bless:
    BLESS=1 cargo test --locked --test runbooks
    BLESS=1 cargo test --locked --test documents
    SUREFOOT_BLESS=1 cargo test --locked --test journal
