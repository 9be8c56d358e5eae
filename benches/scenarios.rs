//! What testing many scenarios costs: the whole program over copies of the scenarios of this
//! repository, as medians. Absolute times belong to the machine.
//!
//! `cargo bench --bench scenarios` prints the row of `docs/performance.md`. A number as argument says
//! how many scenarios; `--keep FOLDER` only writes them.
#![expect(clippy::disallowed_methods, reason = "a benchmark measures time and starts programs")]
#![expect(clippy::print_stdout, reason = "its line is what it is for")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

const SUREFOOT: &str = env!("CARGO_BIN_EXE_surefoot");
const SCENARIOS: usize = 1_000;
const ROUNDS: usize = 5;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let count = arguments.iter().find_map(|it| it.parse().ok()).unwrap_or(SCENARIOS);
    let kept = arguments.iter().position(|it| it == "--keep").and_then(|at| arguments.get(at + 1));
    if let Some(folder) = kept {
        generate(Path::new(folder), count);
        return;
    }
    let folder = tempfile::tempdir().expect("a folder for the scenarios");
    generate(folder.path(), count);
    let mut times: Vec<f64> = (0..=ROUNDS).map(|_| test(folder.path())).collect();
    // The first round warms up.
    times.remove(0);
    times.sort_by(f64::total_cmp);
    let median = times[times.len() / 2];
    println!(
        "{count} scenarios: {:.0} ms, {:.2} ms each",
        median * 1e3,
        median * 1e3 / times_of(count)
    );
}

fn times_of(count: usize) -> f64 {
    f64::from(u32::try_from(count).expect("not so many"))
}

fn test(folder: &Path) -> f64 {
    let began = Instant::now();
    let status = Command::new(SUREFOOT)
        .arg("test")
        .arg(folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .expect("the program can be started");
    assert!(status.success(), "the scenarios pass");
    began.elapsed().as_secs_f64()
}

/// The runbooks of this repository, and so many copies of their scenarios.
fn generate(folder: &Path, count: usize) {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("runbooks");
    copy(&own, folder, &["yaml"]);
    copy(&own.join("scripts"), &folder.join("scripts"), &["sh"]);
    let originals = files(&own.join("scenarios"), &["yaml"]);
    let scenarios = folder.join("scenarios");
    fs::create_dir_all(&scenarios).expect("a folder");
    for index in 0..count {
        let original = &originals[index % originals.len()];
        fs::copy(original, scenarios.join(format!("{index:05}.yaml"))).expect("a copy");
    }
}

fn copy(from: &Path, to: &Path, endings: &[&str]) {
    fs::create_dir_all(to).expect("a folder");
    for file in files(from, endings) {
        fs::copy(&file, to.join(file.file_name().expect("a name"))).expect("a copy");
    }
}

fn files(folder: &Path, endings: &[&str]) -> Vec<PathBuf> {
    let entries =
        fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let wanted = |path: &PathBuf| {
        path.extension().is_some_and(|it| endings.iter().any(|ending| it == *ending))
    };
    let mut found: Vec<PathBuf> = entries.filter(wanted).collect();
    found.sort();
    found
}
