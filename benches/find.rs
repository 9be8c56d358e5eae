//! What it takes to find a runbook among many: `find`, `list`, `alert` and the first index, over
//! generated repositories. As medians of wall time; for processor time see `docs/performance.md`.
//!
//! `cargo bench --bench find` prints the rows of `docs/performance.md`. Two numbers as arguments say
//! how many repositories, and how many runbooks each; `--keep FOLDER` only writes them and settings
//! that name them, for the program to be used with (`HOME=FOLDER`).
#![expect(clippy::disallowed_methods, reason = "a benchmark measures time and starts programs")]
#![expect(clippy::print_stdout, reason = "its table is what it is for")]

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

const SUREFOOT: &str = env!("CARGO_BIN_EXE_surefoot");
const REPOSITORIES: usize = 1_000;
const RUNBOOKS: usize = 100;
const ROUNDS: usize = 21;

const THINGS: [&str; 16] = [
    "disk",
    "queue",
    "replica",
    "certificate",
    "deploy",
    "cache",
    "login",
    "payment",
    "search",
    "backup",
    "node",
    "ingress",
    "memory",
    "lock",
    "quota",
    "export",
];
const TROUBLES: [&str; 12] = [
    "full",
    "slow",
    "stuck",
    "lagging",
    "expired",
    "failing",
    "empty",
    "restarting",
    "growing",
    "unreachable",
    "rejected",
    "flapping",
];
const CAUSES: [&str; 10] = [
    "night",
    "release",
    "failover",
    "migration",
    "upgrade",
    "import",
    "outage",
    "rotation",
    "rebalance",
    "campaign",
];

/// What Alertmanager sends, for one of the runbooks.
const ALERT: &str = r#"{ "version": "4", "status": "firing", "receiver": "x", "groupKey": "",
  "groupLabels": {}, "commonLabels": {}, "commonAnnotations": {}, "externalURL": "",
  "truncatedAlerts": 0, "alerts": [ { "status": "firing",
    "labels": { "alertname": "Service0500Case7", "severity": "page" }, "annotations": {},
    "startsAt": "2026-01-01T00:00:00Z", "endsAt": "0001-01-01T00:00:00Z", "generatorURL": "",
    "fingerprint": "abcd" } ] }"#;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut numbers = arguments.iter().filter_map(|it| it.parse().ok());
    let repositories = numbers.next().unwrap_or(REPOSITORIES);
    let runbooks = numbers.next().unwrap_or(RUNBOOKS);
    let kept = arguments.iter().position(|it| it == "--keep").and_then(|at| arguments.get(at + 1));
    if let Some(folder) = kept {
        generate(Path::new(folder), repositories, runbooks);
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    generate(folder.path(), repositories, runbooks);
    println!("{repositories} repositories with {runbooks} runbooks each");
    let begun = Instant::now();
    call(folder.path(), &["find", "disk"]);
    println!("{:>8.0} ms  the first index", begun.elapsed().as_secs_f64() * 1e3);
    for words in [
        &["--version"][..],
        &["find", "disk", "full"],
        &["find", "kubectl", "quota", "campaign"],
        &["find", "certifcate", "exipred"],
        &["find", "kubectl"],
        &["list", "--service", "service-0500"],
        &["list", "--alert", "Service0500Case7"],
        &["alert", "alert.json"],
    ] {
        let times = (0..ROUNDS).map(|_| {
            let begun = Instant::now();
            call(folder.path(), words);
            begun.elapsed().as_secs_f64()
        });
        println!("{:>8.1} ms  {}", median(times.collect()) * 1e3, words.join(" "));
    }
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn call(home: &Path, words: &[&str]) {
    let status = Command::new(SUREFOOT)
        .args(words)
        .env_clear()
        .env("HOME", home)
        .env("PATH", "/usr/bin:/bin")
        .current_dir(home)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .expect("surefoot starts");
    assert!(status.success(), "{words:?}");
}

/// Repositories with runbooks, and settings that name them.
fn generate(home: &Path, repositories: usize, runbooks: usize) {
    let config = home.join(".config/surefoot");
    fs::create_dir_all(&config).expect("a folder");
    let pattern = home.join("repositories/*");
    let settings =
        format!("schema = \"surefoot-config/v1\"\n[[source]]\npath = \"{}\"\n", pattern.display());
    fs::write(config.join("config.toml"), settings).expect("settings");
    fs::write(home.join("alert.json"), ALERT).expect("an alert");
    for repository in 0..repositories {
        let root = home.join(format!("repositories/service-{repository:04}"));
        let folder = root.join("runbooks");
        fs::create_dir_all(&folder).expect("a folder");
        fs::create_dir_all(root.join(".git")).expect("a folder");
        for number in 0..runbooks {
            let (name, text) = runbook(repository, number);
            fs::write(folder.join(format!("{name}.yaml")), text).expect("a runbook");
        }
    }
}

/// A runbook, each a little different from all others.
fn runbook(repository: usize, number: usize) -> (String, String) {
    let place = repository * 31 + number;
    let thing = THINGS[place % THINGS.len()];
    let trouble = TROUBLES[place / THINGS.len() % TROUBLES.len()];
    let cause = CAUSES[(place / 7) % CAUSES.len()];
    let name = format!("{thing}-{trouble}-{number}");
    let text = format!(
        "schema: surefoot/v1
title: The {thing} of part {number} is {trouble}
service: service-{repository:04}
summary: Since the {cause} the {thing} may be {trouble}; customers notice within minutes.
owner: {{ team: team-{team} }}
tags: [{thing}, {cause}]
alerts:
  - match: ['alertname=\"Service{repository:04}Case{number}\"', 'severity=\"page\"']
steps:
  - id: look
    title: How is the {thing} now?
    why: Whatever changed during the {cause} shows here first.
    effect: read
    run: kubectl -n service-{repository:04} get pods -l part={number} -o wide
  - id: mend
    title: Restart what is {trouble}
    effect: change
    run: kubectl -n service-{repository:04} rollout restart deployment/{thing}-{number}
    verify: kubectl -n service-{repository:04} rollout status deployment/{thing}-{number}
    undo: {{ none: A restart is over when it is done. }}
  - end: done
",
        team = repository % 50,
    );
    (name, text)
}
