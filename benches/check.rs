//! What checking many runbooks costs over parsing them. Ours is the whole program with all its
//! checks; the limit reads the same files and parses them with one YAML parser, on as many
//! threads, and checks nothing. In turn, as medians; absolute times belong to the machine.
//!
//! `cargo bench --bench check` prints the row of `docs/performance.md`. A number as argument says
//! how many files; `--keep FOLDER` only writes them, for other programs to be measured with.
#![expect(clippy::disallowed_methods, reason = "a benchmark measures time and starts programs")]
#![expect(clippy::print_stdout, reason = "its table is what it is for")]
#![expect(clippy::too_many_lines, reason = "the generated runbook is one long text")]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

const SUREFOOT: &str = env!("CARGO_BIN_EXE_surefoot");
const FILES: usize = 10_000;
const ROUNDS: usize = 5;

const SERVICES: [&str; 10] = [
    "auth",
    "billing",
    "checkout",
    "gateway",
    "indexer",
    "inventory",
    "ledger",
    "mailer",
    "search",
    "sessions",
];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let count = arguments.iter().find_map(|it| it.parse().ok()).unwrap_or(FILES);
    let kept = arguments.iter().position(|it| it == "--keep").and_then(|at| arguments.get(at + 1));
    if let Some(folder) = kept {
        generate(Path::new(folder), count);
        return;
    }
    let folder = tempfile::tempdir().expect("a folder for the runbooks");
    let files = generate(folder.path(), count);
    let bytes: u64 = files.iter().map(|file| fs::metadata(file).expect("a file").len()).sum();
    let lines = fs::read_to_string(&files[0]).expect("a file").lines().count();
    println!("{count} runbooks of {lines} lines, {} KB", bytes / 1000);
    let (mut ours, mut limit) = (Vec::new(), Vec::new());
    for _ in 0..=ROUNDS {
        ours.push(check(folder.path(), count));
        limit.push(parse(&files));
    }
    // The first round warms up.
    let [ours, limit] = [ours, limit].map(|all| median(&all[1..]));
    println!(
        "check: {:.0} ms, {:.0} µs a file; parse only: {:.0} ms; ratio {:.2}",
        ours * 1e3,
        ours * 1e6 / f64::from(u32::try_from(count).expect("not so many")),
        limit * 1e3,
        ours / limit
    );
}

fn median(times: &[f64]) -> f64 {
    let mut times = times.to_vec();
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn check(folder: &Path, count: usize) -> f64 {
    let begun = Instant::now();
    let output = Command::new(SUREFOOT)
        .arg("check")
        .arg(folder)
        .stdin(Stdio::null())
        .output()
        .expect("surefoot starts");
    let took = begun.elapsed().as_secs_f64();
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(told, format!("{count} runbooks, no findings\n"), "the runbooks have no findings");
    took
}

/// Reads and parses all files, as one program on all processors.
fn parse(files: &[PathBuf]) -> f64 {
    let begun = Instant::now();
    let next = AtomicUsize::new(0);
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(file) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let text = fs::read_to_string(file).expect("a file");
                    let value: serde_yaml::Value = serde_yaml::from_str(&text).expect("YAML");
                    assert!(value.is_mapping());
                }
            });
        }
    });
    begun.elapsed().as_secs_f64()
}

fn generate(folder: &Path, count: usize) -> Vec<PathBuf> {
    (0..count)
        .map(|number| {
            let below = folder.join(format!("{:03}", number / 100));
            fs::create_dir_all(&below).expect("a folder");
            let path = below.join(format!("runbook-{number:05}.yaml"));
            fs::write(&path, runbook(number)).expect("a runbook");
            path
        })
        .collect()
}

/// A runbook of about sixty lines with all that one has; each of them a little different.
fn runbook(number: usize) -> String {
    let service = SERVICES[number % SERVICES.len()];
    let bound = 1 + number * 7 % 50;
    let mut text = format!(
        "schema: surefoot/v1
title: The error rate of {service} is high, case {number}
service: {service}
summary: More than 1 % of the requests to {service} fail.
owner: {{ team: team-{service}, channel: \"#{service}-oncall\" }}
escalation:
  - role: {service} secondary
    how: page the service {service}
    after: 15m
inputs:
  namespace: {{ type: name, description: The namespace of {service} }}
  threshold: {{ type: integer, default: {bound}, min: 1, max: 100 }}
environments:
  staging: {{ context: stg-{service} }}
  production: {{ context: prod-{service}, protected: true }}
steps:
"
    );
    for part in 0..2 {
        let _ = write!(
            text,
            "  - id: look_{part}
    title: How often did part {part} of {service} start again?
    why: A crash loop after a deploy is the usual cause.
    effect: read
    run: kubectl --context {{{{environment.context}}}} -n {{{{namespace}}}} get pods -l app={service} -o json
    capture:
      restarts_{part}: {{ json: '[.items[].status.restarts] | add', type: integer }}
    expect: exit == 0 && restarts_{part} < {bound} + threshold
"
        );
    }
    let _ = write!(
        text,
        "  - id: cause
    ask: What does the evidence say about {{{{namespace}}}}?
    options:
      - id: deploy
        label: A deploy in the last hour
        use: {{ procedure: roll_back }}
      - id: other
        label: Something else
        goto: get_help
  - id: recovered
    title: The error rate is back to normal
    effect: read
    run: {service}-stats --namespace \"{{{{namespace}}}}\" --json
    capture: {{ error_rate: {{ json: .error_rate, type: float }} }}
    until: error_rate < 0.0{bound}
    every: 10s
    within: 5m
    on_failure: {{ goto: cause }}
  - end: resolved
procedures:
  roll_back:
    steps:
      - id: undo_deploy
        title: Roll back the last deploy
        effect: change
        run: |
          # The revision of {service} before this one
          kubectl --context {{{{environment.context}}}} -n {{{{namespace}}}} rollout undo deploy/{service}
          echo \"rolled back {service}\"
        verify: kubectl --context {{{{environment.context}}}} -n {{{{namespace}}}} rollout status deploy/{service}
        undo: {{ none: the pipeline rolls forward again }}
  get_help:
    steps:
      - escalate: {service} secondary
      - end: escalated
"
    );
    text
}
