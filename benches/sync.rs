//! What a sync costs that finds nothing new, over what git costs that is asked the same: as many
//! repositories on this machine, as many at once; then what it costs to list what was fetched. In turn, as
//! medians; absolute times belong to the machine.
//!
//! `cargo bench --bench sync` prints the row of `docs/performance.md`. A number as argument says how
//! many repositories.
#![expect(clippy::disallowed_methods, reason = "a benchmark measures time and starts programs")]
#![expect(clippy::print_stdout, reason = "its table is what it is for")]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use rustix::time::{ClockId, clock_gettime};

const SUREFOOT: &str = env!("CARGO_BIN_EXE_surefoot");
const REPOSITORIES: usize = 1_000;
const BOOKS: usize = 10;
const AT_ONCE: usize = 8;
const ROUNDS: usize = 5;

fn main() {
    let count = std::env::args().skip(1).find_map(|it| it.parse().ok()).unwrap_or(REPOSITORIES);
    let folder = tempfile::tempdir().expect("a folder");
    let repositories = generate(folder.path(), count);
    println!("{count} repositories with {BOOKS} runbooks each, {AT_ONCE} at once");
    let first = timed(|| sync(folder.path()));
    println!("the first sync: {:.2} s", first.0);
    let (mut ours, mut limit) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        ours.push(timed(|| sync(folder.path())));
        limit.push(timed(|| ask(&repositories)));
    }
    let [ours, limit] = [ours, limit].map(|all| (median(&all, |it| it.0), median(&all, |it| it.1)));
    println!(
        "nothing new: {:.2} s, {:.2} s of processor; git ls-remote: {:.2} s, {:.2} s; ratio {:.2}, {:.2}",
        ours.0,
        ours.1,
        limit.0,
        limit.1,
        ours.0 / limit.0,
        ours.1 / limit.1
    );
    let index = timed(|| list(folder.path()));
    println!("the first list: {:.2} s, {:.2} s of processor", index.0, index.1);
    let again: Vec<_> = (0..ROUNDS).map(|_| timed(|| list(folder.path()))).collect();
    let (took, busy) = (median(&again, |it| it.0), median(&again, |it| it.1));
    println!("a list when nothing is new: {:.1} ms, {:.1} ms of processor", took * 1e3, busy * 1e3);
}

fn git(folder: &Path, args: &[&str]) {
    let status = Command::new("git")
        .args(["-c", "user.name=a", "-c", "user.email=a@example.org"])
        .args(args)
        .current_dir(folder)
        .status();
    assert!(status.expect("git").success(), "git {args:?}");
}

/// Repositories, and settings that name them all.
fn generate(folder: &Path, count: usize) -> Vec<PathBuf> {
    let template = folder.join("template");
    fs::create_dir_all(template.join("runbooks")).expect("a folder");
    git(&template, &["init", "-q", "-b", "main"]);
    for book in 0..BOOKS {
        let text = format!("schema: surefoot/v1\ntitle: Book {book}\nsteps:\n  - end: done\n");
        fs::write(template.join(format!("runbooks/book-{book}.yaml")), text).expect("a file");
    }
    git(&template, &["add", "."]);
    git(&template, &["commit", "-q", "-m", "all"]);
    let mut settings =
        "schema = \"surefoot-config/v1\"\n[[source]]\nlist = \"all.txt\"\n".to_owned();
    let mut list = String::new();
    let mut repositories = Vec::new();
    for number in 0..count {
        let repository = folder.join(format!("upstream/service-{number}.git"));
        let path = repository.to_str().expect("UTF-8").to_owned();
        git(folder, &["clone", "-q", "--bare", "template", &path]);
        git(&repository, &["config", "uploadpack.allowFilter", "true"]);
        writeln!(list, "{path}").expect("a string");
        repositories.push(repository);
    }
    let config = folder.join("home/.config/surefoot");
    fs::create_dir_all(&config).expect("a folder");
    settings.push('\n');
    fs::write(config.join("config.toml"), settings).expect("a file");
    fs::write(config.join("all.txt"), list).expect("a file");
    repositories
}

fn sync(folder: &Path) {
    surefoot(folder, &["sync", "--jobs", &AT_ONCE.to_string()]);
}

/// Lists the runbooks of one of them.
fn list(folder: &Path) {
    surefoot(folder, &["list", "--service", "service-7"]);
}

fn surefoot(folder: &Path, words: &[&str]) {
    let said = Command::new(SUREFOOT)
        .args(words)
        .env("HOME", folder.join("home"))
        .env("XDG_STATE_HOME", folder.join("state"))
        .env_remove("XDG_CONFIG_HOME")
        .output()
        .expect("surefoot");
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
}

/// The same question to the same repositories.
fn ask(repositories: &[PathBuf]) {
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(repository) = repositories.get(next.fetch_add(1, Ordering::Relaxed))
                {
                    let status = Command::new("git")
                        .args(["ls-remote", "--symref"])
                        .arg(repository)
                        .arg("HEAD")
                        .stdout(Stdio::null())
                        .status();
                    assert!(status.expect("git").success());
                }
            });
        }
    });
}

/// How long it takes, and how long the processors are busy with it and with what it starts: these are
/// this program's children, and theirs.
fn timed(work: impl FnOnce()) -> (f64, f64) {
    let (began, busy) = (Instant::now(), busy());
    work();
    (began.elapsed().as_secs_f64(), self::busy() - busy)
}

/// The processor time of this program and of all its children that have ended, in seconds.
fn busy() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").expect("/proc");
    let (_, fields) = stat.rsplit_once(") ").expect("a name");
    let fields: Vec<&str> = fields.split(' ').collect();
    let ticks: f64 = fields[13..15].iter().map(|field| field.parse::<f64>().expect("ticks")).sum();
    let own = clock_gettime(ClockId::ProcessCPUTime);
    let seconds = |whole: i64, nanos: i64| {
        f64::from(i32::try_from(whole).unwrap_or(i32::MAX))
            + f64::from(i32::try_from(nanos).unwrap_or(0)) / 1e9
    };
    // The system counts a hundred a second for everybody.
    ticks / 100.0 + seconds(own.tv_sec, own.tv_nsec)
}

fn median(all: &[(f64, f64)], of: impl Fn(&(f64, f64)) -> f64) -> f64 {
    let mut all: Vec<f64> = all.iter().map(of).collect();
    all.sort_by(f64::total_cmp);
    all[all.len() / 2]
}
