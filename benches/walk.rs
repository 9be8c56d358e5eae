//! What a run costs over what its commands cost. Whole processes, in turn with their limit: a
//! program without features that does the same work. Figures are ratios of medians; absolute times
//! belong to the machine.
//!
//! `cargo bench --bench walk` prints the table of `docs/performance.md`. Names as arguments choose
//! rows: `start`, `read`, `change`, `output`.
#![expect(clippy::disallowed_methods, reason = "a benchmark measures time and starts programs")]
#![expect(clippy::print_stdout, reason = "its table is what it is for")]

use std::fmt::Write as _;
use std::fs;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

const SUREFOOT: &str = env!("CARGO_BIN_EXE_surefoot");

/// Steps of the short and the long run: the cost of a step is the slope between them.
const FEW: u32 = 50;
const MANY: u32 = 350;

type Row = fn(&Path);

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|it| !it.starts_with('-')).collect();
    let rows: [(&str, Row); 4] =
        [("start", start), ("read", read_step), ("change", change_step), ("output", output)];
    let folder = tempfile::tempdir().expect("a folder for the runs");
    for (name, row) in rows {
        if wanted.is_empty() || wanted.iter().any(|it| it == name) {
            row(folder.path());
        }
    }
}

/// `--version` against `/bin/true`.
fn start(_: &Path) {
    let [ours, limit] = in_turn(
        101,
        || timed(Command::new(SUREFOOT).arg("--version")),
        || timed(&mut Command::new("/bin/true")),
    );
    report("start: --version", ours, "/bin/true", limit);
}

/// A `read` step against starting the same shell and capturing its output.
fn read_step(folder: &Path) {
    let [few, many] = [FEW, MANY].map(|steps| runbook(folder, "read", steps));
    let [ours, limit] = in_turn(
        7,
        || (walk(folder, &many) - walk(folder, &few)) / f64::from(MANY - FEW),
        || (captures(MANY) - captures(FEW)) / f64::from(MANY - FEW),
    );
    report("read step", ours, "the same shell, captured", limit);
}

/// A `change` step against the same with two `fdatasync`.
fn change_step(folder: &Path) {
    let [few, many] = [FEW, MANY].map(|steps| runbook(folder, "change", steps));
    let [ours, limit] = in_turn(
        7,
        || (walk(folder, &many) - walk(folder, &few)) / f64::from(MANY - FEW),
        || (durable_captures(folder, MANY) - durable_captures(folder, FEW)) / f64::from(MANY - FEW),
    );
    report("change step", ours, "the same with two fdatasync", limit);
}

/// One gibibyte of output against `tee`.
fn output(folder: &Path) {
    let flood = "head -c 1073741824 /dev/zero | tr '\\\\0' x";
    let text = format!(
        "schema: surefoot/v1\ntitle: Flood\nsteps:\n  - id: flood\n    effect: read\n    run: \"{flood}\"\n  - end: done\n"
    );
    let path = folder.join("flood.yaml");
    fs::write(&path, text).expect("a runbook");
    trust(folder, &path);
    let tee = format!(
        "{} | tee {} > /dev/null",
        flood.replace("\\\\", "\\"),
        folder.join("tee").display()
    );
    let [ours, limit] =
        in_turn(3, || walk(folder, &path), || timed(Command::new("/bin/bash").args(["-c", &tee])));
    report("1 GiB of output", ours, "tee", limit);
    memory(folder, &path);
}

/// The largest process of a walk, by time(1).
fn memory(folder: &Path, runbook: &Path) {
    if !Path::new("/usr/bin/time").exists() {
        println!("  (no /usr/bin/time: memory is not measured)");
        return;
    }
    let mut command = Command::new("/usr/bin/time");
    command.args(["-f", "%M", SUREFOOT, "run"]).arg(runbook);
    let output = sandboxed(&mut command, folder).output().expect("time(1) starts");
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let kilobytes = text.lines().last().unwrap_or_default();
    println!("  peak memory of the largest process: {kilobytes} KiB");
}

/// Medians of two measurements, taken in turn so that a slow moment hits both.
fn in_turn(times: usize, ours: impl Fn() -> f64, limit: impl Fn() -> f64) -> [f64; 2] {
    let (mut first, mut second) = (Vec::new(), Vec::new());
    ours();
    limit();
    for _ in 0..times {
        first.push(ours());
        second.push(limit());
    }
    [first, second].map(|mut all| {
        all.sort_by(f64::total_cmp);
        all[all.len() / 2]
    })
}

fn report(what: &str, ours: f64, limit_name: &str, limit: f64) {
    let [ours_ms, limit_ms] = [ours, limit].map(|seconds| seconds * 1000.0);
    println!(
        "{what}: {ours_ms:.3} ms; {limit_name}: {limit_ms:.3} ms; ratio {:.2}, difference {:.3} ms",
        ours / limit,
        ours_ms - limit_ms
    );
}

fn timed(command: &mut Command) -> f64 {
    let begun = Instant::now();
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    assert!(status.expect("it starts").success(), "{command:?}");
    begun.elapsed().as_secs_f64()
}

fn runbook(folder: &Path, effect: &str, steps: u32) -> PathBuf {
    let mut text = String::from("schema: surefoot/v1\ntitle: Many steps\nsteps:\n");
    for step in 0..steps {
        let _ = write!(
            text,
            "  - id: s{step}\n    effect: {effect}\n    shell: sh\n    run: /bin/true\n"
        );
        if effect == "change" {
            text.push_str(
                "    verify: { expect: exit == 0 }\n    undo: { none: nothing was done }\n",
            );
        }
    }
    text.push_str("  - end: done\n");
    let path = folder.join(format!("{effect}-{steps}.yaml"));
    fs::write(&path, text).expect("a runbook");
    trust(folder, &path);
    path
}

fn trust(folder: &Path, path: &Path) {
    let mut print = Command::new(SUREFOOT);
    print.args(["trust", "--print"]).arg(path);
    let printed = sandboxed(&mut print, folder).output().expect("surefoot starts");
    let printed = String::from_utf8(printed.stdout).expect("a digest");
    let digest = printed.split(' ').next().unwrap_or_default();
    let mut trust = Command::new(SUREFOOT);
    trust.args(["trust", "--digest", digest]).arg(path);
    timed(sandboxed(&mut trust, folder));
}

fn sandboxed<'a>(command: &'a mut Command, folder: &Path) -> &'a mut Command {
    command.env_clear().env("PATH", "/usr/bin:/bin").env("HOME", folder)
}

fn walk(folder: &Path, runbook: &Path) -> f64 {
    let mut command = Command::new(SUREFOOT);
    command.arg("run").arg(runbook).args(["--yes", "change"]);
    timed(sandboxed(&mut command, folder))
}

/// Starts the shell so often, and captures what it prints.
fn captures(times: u32) -> f64 {
    let begun = Instant::now();
    for _ in 0..times {
        capture();
    }
    begun.elapsed().as_secs_f64()
}

fn capture() {
    let mut child = Command::new("/bin/sh")
        .args(["-eu", "-c", "/bin/true"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the shell starts");
    let mut text = Vec::new();
    child.stdout.take().expect("a pipe").read_to_end(&mut text).expect("it reads");
    child.stderr.take().expect("a pipe").read_to_end(&mut text).expect("it reads");
    child.wait().expect("it ends");
}

/// The same with a line and an `fdatasync` before and after each.
fn durable_captures(folder: &Path, times: u32) -> f64 {
    let path = folder.join("limit.jsonl");
    let mut file = fs::File::create(path).expect("a file");
    let line = [b'x'; 600];
    let begun = Instant::now();
    for _ in 0..times {
        file.write_all(&line).expect("it writes");
        file.sync_data().expect("it syncs");
        capture();
        file.write_all(&line).expect("it writes");
        file.sync_data().expect("it syncs");
    }
    begun.elapsed().as_secs_f64()
}
